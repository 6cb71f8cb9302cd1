/**
 * The version of this package; a test compares it with package.json. A .wasm and the JavaScript that runs it must be of
 * one version.
 */
export const VERSION = '0.1.0';
