/** Says what came of it in one line: a bundle for CommonJS awaits nothing at its top. */
export function run(work) {
  work().then(
    result => finish({ result }),
    error => finish({ error: error.message }),
  );
}

function finish(outcome) {
  globalThis.outcome = outcome;
  if (globalThis.process?.stdout) process.stdout.write(`${JSON.stringify(outcome)}\n`, () => process.exit(0));
}
