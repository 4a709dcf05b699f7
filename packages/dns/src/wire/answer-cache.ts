/** Answers of other servers, kept for as long as they allow; the least recently used one makes room. */
import { Buffer } from 'node:buffer';
import { limits } from '../limits.ts';
import { HEADER_BYTES, RCODE, TYPE, byte, count, endOfName } from './message.ts';

interface Kept {
  readonly packet: Buffer;
  /** Where each TTL is written. */
  readonly ttls: readonly number[];
  readonly keptAt: number;
  readonly seconds: number;
}

/** How long a negative answer without an SOA is kept. */
const SECONDS_WITHOUT_SOA = 5;
/** The TTL of an answer that is given although it is too old (RFC 8767). */
const STALE_TTL = 30;

/** The cache. Times are seconds of a clock that never goes backwards. */
export class AnswerCache {
  private readonly kept = new Map<string, Kept>();
  private readonly sizeMax: number;

  constructor(sizeMax: number) {
    this.sizeMax = sizeMax;
  }

  get size(): number {
    return this.kept.size;
  }

  /** Keeps an answer, if it may be kept. */
  keep(key: string, packet: Buffer, now: number): void {
    const lifetime = readLifetime(packet);
    this.kept.delete(key);
    if (lifetime === undefined || lifetime.seconds === 0) return;
    this.kept.set(key, { packet: Buffer.from(packet), ttls: lifetime.ttls, keptAt: now, seconds: lifetime.seconds });
    if (this.kept.size > this.sizeMax) {
      const [oldest] = this.kept.keys();
      if (oldest !== undefined) this.kept.delete(oldest);
    }
  }

  /** An answer that is still good, its TTLs counted down. */
  fresh(key: string, now: number): Buffer | undefined {
    const kept = this.kept.get(key);
    if (kept === undefined || now >= kept.keptAt + kept.seconds) return undefined;
    this.kept.delete(key);
    this.kept.set(key, kept);
    const age = Math.floor(now - kept.keptAt);
    return withTtls(kept, (ttl) => Math.max(0, ttl - age));
  }

  /** An answer that is too old, for when nobody has a newer one. */
  stale(key: string, now: number, secondsMax: number): Buffer | undefined {
    const kept = this.kept.get(key);
    if (kept === undefined || now > kept.keptAt + kept.seconds + secondsMax) return undefined;
    return withTtls(kept, () => STALE_TTL);
  }
}

function withTtls(kept: Kept, change: (ttl: number) => number): Buffer {
  const packet = Buffer.from(kept.packet);
  for (const at of kept.ttls) packet.writeUInt32BE(change(packet.readUInt32BE(at)), at);
  return packet;
}

/** Where the TTLs are and the smallest of them; undefined for what must not be kept, or is broken. */
function readLifetime(packet: Buffer): { ttls: number[]; seconds: number } | undefined {
  const code = byte(packet, 3) & 15;
  if ((code !== RCODE.ok && code !== RCODE.nameError) || (byte(packet, 2) & 2) !== 0) return undefined;
  let at = endOfName(packet, HEADER_BYTES);
  if (at < 0) return undefined;
  at += 4;
  const records = count(packet, 6) + count(packet, 8) + count(packet, 10);
  const isNegative = code === RCODE.nameError || count(packet, 6) === 0;
  let seconds = isNegative ? SECONDS_WITHOUT_SOA : limits.cachedSecondsMax;
  const ttls: number[] = [];
  for (let index = 0; index < records; index += 1) {
    const nameEnd = endOfName(packet, at);
    if (nameEnd < 0 || nameEnd + 10 > packet.length) return undefined;
    const type = count(packet, nameEnd);
    const end = nameEnd + 10 + count(packet, nameEnd + 8);
    if (end > packet.length) return undefined;
    if (type !== TYPE.OPT) {
      ttls.push(nameEnd + 4);
      const ttl = packet.readUInt32BE(nameEnd + 4);
      if (isNegative && type === TYPE.SOA && end >= nameEnd + 30) {
        seconds = Math.min(ttl, packet.readUInt32BE(end - 4), limits.cachedSecondsMax);
      } else if (!isNegative) seconds = Math.min(seconds, ttl);
    }
    at = end;
  }
  return { ttls, seconds };
}
