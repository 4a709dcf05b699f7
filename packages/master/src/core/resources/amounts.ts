/** The names of amounts, and plain amounts without their rules. */
import type { PortRanges } from './port-ranges.ts';

/** The scalar resources, in the order in which they are printed. */
export const SCALAR_NAMES = ['cpus', 'gpus', 'mem', 'disk'] as const;

/** Thousandths of cores, devices, MiB and MiB. */
export type Scalars = Readonly<Record<(typeof SCALAR_NAMES)[number], number>>;

/** Scalars and ports. */
export interface Amount extends Scalars {
  readonly ports: PortRanges;
}
