/**
 * Whether this is a bundle that predicts and does nothing else: scripts/bundleEntries.js has true here in those, and
 * leaves out what hangs on it.
 */
export const FORWARD_ONLY: boolean = false;
