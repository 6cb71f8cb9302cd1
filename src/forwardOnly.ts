/**
 * What a bundle leaves out: scripts/bundleEntries.js has true here for those of them that are so, and leaves out what
 * hangs on it.
 */

/** Whether it predicts and does nothing else. */
export const FORWARD_ONLY: boolean = false;
/** Whether, besides, it knows no networks but chains of layers for tables and images: `myelin/predict/chains`. */
export const CHAINS_ONLY: boolean = false;
