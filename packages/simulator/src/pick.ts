/** One of several, by chance. */
import { randomBelow, type Random } from '@stadion/base';

/** @returns one of the numbers, each equally likely */
export function pick(random: Random, choices: readonly number[]): number {
  return choices[randomBelow(random, choices.length)] ?? 0;
}
