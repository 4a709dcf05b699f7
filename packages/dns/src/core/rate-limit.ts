/**
 * Bounds what one network gets per second, so that nobody can have a victim flooded with our answers by asking in its
 * name (response rate limiting). Of what is over the limit every second answer is cut to a header that says to come back
 * over TCP, which a forged address cannot; the rest is dropped.
 */

/** What to do with an answer over UDP. */
export type Admission = 'send' | 'truncate' | 'drop';

/** Counts by network in a table of fixed size; two networks in one place share a limit, which is rare and does no harm. */
export class RateLimit {
  private readonly counts: Uint32Array;
  private readonly seconds: Uint32Array;
  private readonly perSecond: number;

  /**
   * @param perSecond answers per second and network; 0 means without a limit
   * @param buckets a power of two
   */
  constructor(perSecond: number, buckets: number) {
    this.perSecond = perSecond;
    this.counts = new Uint32Array(buckets);
    this.seconds = new Uint32Array(buckets);
  }

  /**
   * Whether to send.
   * @param address the client's, as text
   * @param second of a clock that never goes backwards
   */
  admit(address: string, second: number): Admission {
    if (this.perSecond === 0 || isOwnMachine(address)) return 'send';
    const bucket = hashNetwork(address) & (this.counts.length - 1);
    if (this.seconds[bucket] !== second) {
      this.seconds[bucket] = second;
      this.counts[bucket] = 0;
    }
    const used = (this.counts[bucket] ?? 0) + 1;
    this.counts[bucket] = used;
    if (used <= this.perSecond) return 'send';
    return (used & 1) === 0 ? 'truncate' : 'drop';
  }
}

/** Nobody can forge loopback from outside. */
function isOwnMachine(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** FNV-1a over the first three bytes of IPv4 (a /24), or the first groups of IPv6 up to about a /56. */
function hashNetwork(address: string): number {
  const isIpv4 = !address.includes(':');
  let hash = 0x811c9dc5;
  let separators = 0;
  for (let index = 0; index < address.length; index += 1) {
    const code = address.charCodeAt(index);
    if (code === (isIpv4 ? 46 : 58)) {
      separators += 1;
      if (separators === 3) break;
    }
    hash = Math.imul(hash ^ code, 0x01000193);
  }
  return hash >>> 0;
}
