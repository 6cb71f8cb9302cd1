/**
 * Whether this is a bundle that predicts and does nothing else: scripts/bundleEntries.js puts true here for those, and
 * leaves out what only training and its layers' factories need.
 */
export const FORWARD_ONLY: boolean = false;
