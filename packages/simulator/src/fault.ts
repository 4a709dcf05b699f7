/** What a fault is: something that goes wrong, or a little better. */
import type { Random } from '@stadion/base';
import type { Machine } from './machine.ts';
import type { World } from './world.ts';

/** What a fault needs of the run. */
export interface FaultContext {
  readonly world: World;
  readonly note: (line: string) => void;
  /** One more of a kind has happened. */
  readonly count: (name: string) => void;
  /** Starts something whose end nobody waits for; its failure is a violation. */
  readonly fire: (work: Promise<unknown>) => void;
}

/** Makes something go wrong, or a little better. */
export type Fault = (random: Random, machine: Machine, context: FaultContext) => Promise<void> | void;
