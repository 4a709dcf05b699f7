/**
 * How many cpus an agent lends beside its own (revocable ones). All amounts are cores.
 * What is lent is what the tasks with cpus of their own leave free, by what they are measured to use.
 */
import type { Resource } from '@stadion/contract/mesos';
import type { ContainerUsage } from './container.ts';

/** `auto`: whatever is left free, less a margin; a number: at most that much of it. */
export type RevocableCpus = 'off' | 'auto' | number;

/** The part of the machine that is never lent: what services may take before anybody notices. */
const MARGIN = 0.1;
/** Use that falls is believed by this part a look, use that rises at once. */
const TRUST_IN_LESS = 0.25;
/** The master hears of changes from this part of the machine on, and not of less than a tenth of a core. */
const CHANGE_TOLD = 0.05;
const CHANGE_TOLD_MIN = 0.1;

/** The cpus among resources: a task's own, and those that are only lent to it. */
export function cpusOf(resources: readonly Resource[]): { readonly own: number; readonly lent: number } {
  let own = 0;
  let lent = 0;
  for (const { name, scalar, revocable } of resources) {
    if (name !== 'cpus') continue;
    if (revocable === undefined) own += scalar?.value ?? 0;
    else lent += scalar?.value ?? 0;
  }
  return { own, lent };
}

/** How much cpu time a container has used by a moment. */
export interface CpuSample {
  /** Seconds of cpu time since its start. */
  readonly seconds: number;
  /** Monotonic milliseconds. */
  readonly at: number;
}

/** The samples of all containers that are measured. */
export function samplesOf(usage: ReadonlyMap<string, ContainerUsage>, at: number): Map<string, CpuSample> {
  return new Map([...usage].map(([id, each]) => [id, { seconds: each.cpuUserSeconds + each.cpuSystemSeconds, at }]));
}

/** Cores used between two samples; undefined when that cannot be said. */
export function coresBetween(before: CpuSample | undefined, after: CpuSample | undefined): number | undefined {
  if (before === undefined || after === undefined || after.at <= before.at) return undefined;
  return Math.max(0, after.seconds - before.seconds) / ((after.at - before.at) / 1000);
}

/** @param before what was believed so far; undefined at the first look */
export function believedUse(before: number | undefined, measured: number): number {
  return before === undefined || measured > before ? measured : before + TRUST_IN_LESS * (measured - before);
}

/** What tasks leave free of the agent's cpus. */
export function leftFree(cpus: number, use: number): number {
  return Math.max(0, cpus - use);
}

/** What is lent in all, whether somebody has it or not. */
export function toLend(mode: RevocableCpus, cpus: number, use: number): number {
  const left = leftFree(cpus, use);
  if (mode === 'off') return 0;
  return toThousandths(Math.max(0, mode === 'auto' ? left - MARGIN * cpus : Math.min(mode, left)));
}

/** Whether the master is to hear of it. */
export function isWorthTelling(told: number, lent: number, cpus: number): boolean {
  if (told === lent) return false;
  return lent === 0 || Math.abs(told - lent) >= Math.max(CHANGE_TOLD_MIN, CHANGE_TOLD * cpus);
}

/** What two sums of cpus are compared by: they are not exact. */
export function toThousandths(cpus: number): number {
  return Math.floor(cpus * 1000 + 1e-6) / 1000;
}
