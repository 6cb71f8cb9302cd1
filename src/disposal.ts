/**
 * `using` and `await using` for every TypeScript. From 5.2 on the library esnext.disposable declares these names, which
 * few projects have switched on, and before 5.2 there is none: so the package declares them itself, the same way, which
 * merges with the library's. A class that can be disposed of imports this file for its effect on types, `import
 * './disposal.js'`, and has a method `[Symbol.dispose]()` or `[Symbol.asyncDispose]()`; nothing of it runs.
 */
declare global {
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }
  interface Disposable {
    [Symbol.dispose](): void;
  }
  interface AsyncDisposable {
    [Symbol.asyncDispose](): PromiseLike<void>;
  }
}

export {};
