// The only atomics: where threads wait for one another. Its words lie at fixed addresses, each on a cache line of its
// own. A new memory has them at 0, and nobody ever sets them back: a thread that has been woken still has to count
// itself out of SLEEPING, at a time that nobody else knows. ARRIVED and SLEEPING come back to 0 by themselves when all
// threads have left; until all have said so, JavaScript neither begins another run nor gives the memory away.
// test/threads/interleavings.test.ts goes through every order of its steps.

/** How many threads have arrived. */
const ARRIVED: usize = 768;
/** How often all of them have; JavaScript wakes sleepers here when it ends a run. */
const GENERATION: usize = 832;
/** How many threads sleep. */
const SLEEPING: usize = 896;
/** Not 0 when JavaScript ends the run, because a thread died. */
const ABORTED: usize = 960;

/**
 * Looks at the generation before going to sleep: some tens of microseconds, then a core that others may need is given
 * up.
 */
const SPINS: i32 = 20000;

/** Returns once `parties` threads have come here; false where the run was ended. */
export function barrier(parties: i32): bool {
  const generation = atomic.load<i32>(GENERATION);
  // After the generation, never before it: a run that ends in between moves the generation on, and this thread with it.
  if (atomic.load<i32>(ABORTED)) return false;
  if (atomic.add<i32>(ARRIVED, 1) == parties - 1) {
    atomic.store<i32>(ARRIVED, 0);
    atomic.add<i32>(GENERATION, 1);
    if (atomic.load<i32>(SLEEPING) > 0) atomic.notify(GENERATION, -1);
    return true;
  }
  let spins = SPINS;
  while (spins > 0 && atomic.load<i32>(GENERATION) == generation) spins--;
  if (spins == 0) {
    atomic.add<i32>(SLEEPING, 1);
    while (atomic.load<i32>(GENERATION) == generation) atomic.wait<i32>(GENERATION, generation, -1);
    atomic.sub<i32>(SLEEPING, 1);
  }
  return atomic.load<i32>(ABORTED) == 0;
}
