/** Fetches from the Worker. */
type Get = (path: string, init?: RequestInit) => Promise<Response>;

export function withWorker<R>(
  folder: string,
  entry: string,
  use: (get: Get, started: number) => Promise<R>,
): Promise<R>;
