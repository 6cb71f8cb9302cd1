/**
 * The property tests draw the same cases in every run, so that a change is judged by what it changed.
 * `FUZZ_SEED=$RANDOM npm test` draws others.
 */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });
