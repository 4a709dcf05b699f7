/** The ports of one offer that are still free during a pass, kept as ranges: never expanded port by port. */
import { assert, randomBelow, type Random } from '@stadion/base';
import type { PortRanges } from './types.ts';

/** Free ports that can be taken by number or by chance. Each port is given once. */
export class FreePorts {
  /** Sorted, disjoint, inclusive: `[begin, end, …]`. */
  private readonly ranges: number[];
  private free: number;
  /** The port after the last one that was taken by chance. */
  private following: number | undefined;

  constructor(ranges: PortRanges) {
    this.ranges = [...ranges];
    this.free = 0;
    for (let at = 0; at < ranges.length; at += 2) this.free += (ranges[at + 1] ?? 0) - (ranges[at] ?? 0) + 1;
  }

  /** How many ports are free. */
  get count(): number {
    return this.free;
  }

  has(port: number): boolean {
    return this.rangeOf(port) !== undefined;
  }

  /** Takes a port that {@link has} said is free. */
  take(port: number): void {
    const at = this.rangeOf(port);
    assert(at !== undefined, `port ${port} was taken twice`);
    this.remove(at, port);
  }

  /**
   * Takes a free port that is chosen by chance, and then the one after it for as long as that is free. There must be one.
   * Chance keeps a port that was just given back from being the next to be used; neighbours keep the free ports of an agent in
   * few ranges, through which everything goes that is ever done with them.
   */
  takeRandom(random: Random): number {
    assert(this.free > 0, 'a port was taken where none is free');
    const { following } = this;
    const port = following !== undefined && this.has(following) ? following : this.chosen(random);
    this.take(port);
    this.following = port + 1;
    return port;
  }

  /** Each free port as likely as any other. */
  private chosen(random: Random): number {
    let skip = randomBelow(random, this.free);
    let at = 0;
    for (;;) {
      const begin = this.ranges[at] ?? 0;
      const length = (this.ranges[at + 1] ?? 0) - begin + 1;
      if (skip < length) return begin + skip;
      skip -= length;
      at += 2;
    }
  }

  /** Index of the begin of the range that holds the port. */
  private rangeOf(port: number): number | undefined {
    let low = 0;
    let high = this.ranges.length / 2;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.ranges[middle * 2 + 1] ?? 0) < port) low = middle + 1;
      else high = middle;
    }
    const begin = this.ranges[low * 2];
    return begin !== undefined && begin <= port ? low * 2 : undefined;
  }

  private remove(at: number, port: number): void {
    const begin = this.ranges[at] ?? 0;
    const end = this.ranges[at + 1] ?? 0;
    this.free -= 1;
    if (begin === end) this.ranges.splice(at, 2);
    else if (port === begin) this.ranges[at] = port + 1;
    else if (port === end) this.ranges[at + 1] = port - 1;
    else this.ranges.splice(at, 2, begin, port - 1, port + 1, end);
  }
}
