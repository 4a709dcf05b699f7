/**
 * Which tasks have to give back cpus that they were lent, because services want them themselves. All amounts are cores, times
 * milliseconds since the epoch.
 */
import { cpusOf, toThousandths } from './lending.ts';
import { EXECUTOR_PATIENCE_MS, LOOKS_BEFORE_PREEMPTION } from '../limits.ts';
import type { Task } from './task.ts';

/** What one look at what is lent came to. */
export interface Preemption {
  /** How many looks in a row have found that too much is lent, without anybody being ended for it. */
  readonly looksOver: number;
  /** These are to end now, each once. */
  readonly ended: readonly Task[];
}

/**
 * Judges what is lent once.
 * @param looksOver as the look before had it
 * @param tasks all tasks, and the processes of custom executors
 * @param processOf the process of a custom executor by the id of its container
 * @param left what services leave free
 */
export function planPreemption(
  looksOver: number,
  tasks: Iterable<Task>,
  processOf: (podId: string) => Task | undefined,
  left: number,
  now: number,
): Preemption {
  const borrowers: (Borrower & { readonly task: Task })[] = [];
  let sum = 0;
  for (const task of tasks) {
    const { phase, info, pod, kill, runningSince: since = 0 } = task;
    const { lent } = cpusOf(info.resources);
    if (lent === 0 || phase === 'ended' || phase === 'killing') continue;
    // On its way out, and given the time that it was promised for that.
    if (kill !== undefined && now <= kill.deadline + EXECUTOR_PATIENCE_MS) continue;
    sum += lent;
    if (phase !== 'running') continue;
    // An executor that does not end a task when it is told to ends with it.
    const who = kill === undefined ? task : processOf(pod?.podId ?? '');
    if (who?.phase === 'running') borrowers.push({ task: who, lent, since });
  }
  const chosen = toPreempt(borrowers, sum, left);
  if (chosen.length === 0) return { looksOver: 0, ended: [] };
  const looks = looksOver + 1;
  if (looks < LOOKS_BEFORE_PREEMPTION) return { looksOver: looks, ended: [] };
  return { looksOver: 0, ended: [...new Set(chosen.map(({ task }) => task))] };
}

/** A running task that cpus are lent to. */
export interface Borrower {
  readonly lent: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/**
 * Those that have to end so that what is lent fits into what is left: the youngest first, which lose the least.
 * @param lent what is lent to all, also to those that cannot be ended now
 */
export function toPreempt<Each extends Borrower>(borrowers: readonly Each[], lent: number, left: number): Each[] {
  const chosen: Each[] = [];
  let rest = lent;
  for (const borrower of [...borrowers].sort((one, other) => other.since - one.since)) {
    if (toThousandths(rest) <= toThousandths(left)) break;
    chosen.push(borrower);
    rest -= borrower.lent;
  }
  return chosen;
}
