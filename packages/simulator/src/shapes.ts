/** The shapes of clusters and of runs that are tried, and runs as others can repeat them. */
import type { SimulationOptions } from './simulation.ts';

/** Everything that a run depends on beside the code. */
export interface Run {
  readonly seed: number;
  readonly steps: number;
  readonly machines: number;
  readonly apps: number;
  readonly servers: number;
  readonly faults?: number;
}

/** A shape, and how many seeds of it `npm test` runs, from 1 on. */
export interface Shape extends Omit<Run, 'seed'> {
  readonly seeds: number;
}

/** One process with everything on a disk of its own. */
export const SINGLE_SHAPES: readonly Shape[] = [
  { steps: 10, machines: 2, apps: 2, servers: 1, faults: 0.4, seeds: 160 },
  { steps: 25, machines: 3, apps: 5, servers: 1, seeds: 40 },
  { steps: 120, machines: 5, apps: 6, servers: 1, seeds: 8 },
  { steps: 60, machines: 1, apps: 3, servers: 1, seeds: 5 },
  { steps: 80, machines: 12, apps: 8, servers: 1, seeds: 2 },
  { steps: 300, machines: 3, apps: 4, servers: 1, seeds: 2 },
];

/** Several servers that meet in ZooKeeper. */
export const CLUSTER_SHAPES: readonly Shape[] = [
  { steps: 10, machines: 2, apps: 2, servers: 3, faults: 0.6, seeds: 230 },
  { steps: 12, machines: 3, apps: 3, servers: 3, faults: 0.5, seeds: 40 },
  { steps: 15, machines: 2, apps: 2, servers: 5, faults: 0.6, seeds: 10 },
  { steps: 100, machines: 5, apps: 6, servers: 3, seeds: 4 },
];

/** The options of a run. */
export function optionsOf({ faults, ...run }: Run): SimulationOptions {
  return faults === undefined ? run : { ...run, faults };
}

/** The runs of a shape. */
export function runsOf({ seeds, ...shape }: Shape): Run[] {
  return Array.from({ length: seeds }, (_, index) => ({ ...shape, seed: index + 1 }));
}

/** The command that shows a run again. */
export function commandOf({ seed, steps, machines, apps, servers, faults }: Run): string {
  const rate = faults === undefined ? '' : ` --faults ${String(faults)}`;
  return (
    `npm run simulate -- --seed ${String(seed)} --steps ${String(steps)} --machines ${String(machines)} ` +
    `--apps ${String(apps)} --servers ${String(servers)}${rate}`
  );
}
