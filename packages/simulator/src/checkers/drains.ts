/** Invariant 13: a drained machine is left by everything. Invariants 5 and 6 watch that no app falls short meanwhile. */
import type { World } from '../world.ts';
import type { Checker, Violate } from './checker.ts';

/** Reports what still runs on drained machines when the time to settle is over. */
export function drainsChecker(world: World, violate: Violate): Checker {
  return {
    pending() {
      for (const sentence of stayers(world)) return sentence;
      return undefined;
    },
    atEnd() {
      for (const sentence of stayers(world)) violate(sentence);
    },
  };
}

function* stayers({ machines, operators }: World): Generator<string> {
  for (const machine of machines) {
    const [first] = operators.isDraining(machine.name) ? machine.running() : [];
    if (first !== undefined) yield `${machine.name} is drained, and ${first.taskId} still runs there`;
  }
}
