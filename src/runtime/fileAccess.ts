/** Files by their paths, whole. */
export interface FileAccess {
  read(path: string): Promise<Uint8Array>;
  /** In place of what is there; with `keep` above 1 so many less one of those before it stay under other names. */
  write(path: string, bytes: Uint8Array, keep?: number): Promise<void>;
  append(path: string, bytes: Uint8Array): Promise<void>;
  /** Refuses a path that no file can be written to. */
  check(path: string): Promise<void>;
  makeFolder(path: string): Promise<void>;
}
