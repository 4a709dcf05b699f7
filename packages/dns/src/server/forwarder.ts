/**
 * Asks other name servers about names that are not ours, and keeps their answers. Same questions at the same time are
 * asked once. Each question goes out from a port and with an id that nobody can guess, and only its answer is taken.
 */
import { Buffer } from 'node:buffer';
import type { Clock, Logger, Random, Timers } from '@stadion/base';
import { isInSubnet, parseAddress, parseSubnet, type Subnet } from '../core/ip-address.ts';
import { limits } from '../limits.ts';
import { AnswerCache } from '../wire/answer-cache.ts';
import { RCODE, bareAnswer, count, writeCount, writeEdns, writeHead, type Query } from '../wire/message.ts';
import { isAtOrBelow, keyOfName } from '../wire/name-key.ts';
import type { Client } from './client.ts';
import { askOverTcp, askOverUdp, type Upstream } from './upstream.ts';

/** Whom to ask, and who may ask. */
export interface ForwardSettings {
  /** `IP` or `IP:port`, in the order in which they are asked. */
  readonly resolvers: readonly string[];
  /** Servers for some domains. */
  readonly zoneResolvers: Readonly<Record<string, readonly string[]>>;
  /** Who may have names forwarded: an open resolver is a weapon against others. */
  readonly forwardFor: readonly string[];
}

/** Waits for an answer. */
interface Waiter {
  readonly query: Query;
  readonly packet: Buffer;
  readonly client: Client;
  readonly reply: (answer: Buffer) => void;
}

/** Forwards. */
export class Forwarder {
  private readonly upstreams: readonly Upstream[];
  private readonly byZone: readonly { readonly apex: string; readonly upstreams: readonly Upstream[] }[];
  private readonly clients: readonly Subnet[];
  private readonly cache = new AnswerCache(limits.cachedAnswers);
  private readonly waiting = new Map<string, Waiter[]>();
  private readonly time: Clock & Timers;
  private readonly random: Random;
  private readonly log: Logger;

  constructor(settings: ForwardSettings, parts: { time: Clock & Timers; random: Random; log: Logger }) {
    this.upstreams = settings.resolvers.flatMap(upstreamOf);
    this.byZone = Object.entries(settings.zoneResolvers).flatMap(([zone, resolvers]) => {
      const apex = keyOfName(zone.toLowerCase());
      return apex === undefined ? [] : [{ apex, upstreams: resolvers.flatMap(upstreamOf) }];
    });
    this.clients = settings.forwardFor.flatMap((text) => parseSubnet(text) ?? []);
    this.time = parts.time;
    this.random = parts.random;
    this.log = parts.log;
  }

  /** How many answers are kept. */
  get cached(): number {
    return this.cache.size;
  }

  /** Takes a question on; false when nobody is there to be asked, or this client may not have it asked. */
  forward(query: Query, packet: Buffer, client: Client, reply: (answer: Buffer) => void): boolean {
    const upstreams = this.byZone.find(({ apex }) => isAtOrBelow(query.key, apex))?.upstreams ?? this.upstreams;
    if (upstreams.length === 0 || !this.mayAsk(client)) return false;
    const cacheKey = `${String(query.type)} ${query.dnssecOk ? 'do' : ''} ${query.key}`;
    const kept = this.cache.fresh(cacheKey, this.seconds());
    if (kept !== undefined) {
      reply(fitted(kept, query, packet, client));
      return true;
    }
    const waiter: Waiter = { query, packet, client, reply };
    const others = this.waiting.get(cacheKey);
    if (others !== undefined && others.length < limits.forwards) {
      others.push(waiter);
      return true;
    }
    if (this.waiting.size >= limits.forwards) {
      reply(failure(query, packet));
      return true;
    }
    this.waiting.set(cacheKey, [waiter]);
    void this.ask(query, upstreams).then((answer) => {
      const waiters = this.waiting.get(cacheKey) ?? [];
      this.waiting.delete(cacheKey);
      if (answer !== undefined) this.cache.keep(cacheKey, answer, this.seconds());
      const given = answer ?? this.cache.stale(cacheKey, this.seconds(), limits.staleSeconds);
      for (const one of waiters) {
        one.reply(
          given === undefined ? failure(one.query, one.packet) : fitted(given, one.query, one.packet, one.client),
        );
      }
    });
    return true;
  }

  /** Asks one after the other; the whole answer, over TCP where it does not fit. */
  private async ask(query: Query, upstreams: readonly Upstream[]): Promise<Buffer | undefined> {
    for (const upstream of upstreams) {
      try {
        const question = this.question(query);
        const answer = await askOverUdp(upstream, question, this.time);
        const isCut = ((answer[2] ?? 0) & 2) !== 0;
        const whole = isCut ? await askOverTcp(upstream, question, this.time) : answer;
        const code = (whole[3] ?? 0) & 15;
        // A server that cannot or will not is no answer while there is another.
        if (code === RCODE.serverFailure || code === RCODE.refused || code === RCODE.notImplemented) continue;
        return whole;
      } catch (error) {
        this.log.debug({ upstream: upstream.address, error: String(error) }, 'a name server did not answer');
      }
    }
    return undefined;
  }

  private question(query: Query): Buffer {
    const packet = Buffer.alloc(12 + query.key.length + 4 + 11);
    writeCount(packet, 0, this.random.uint32() & 0xffff);
    packet[2] = 1;
    writeCount(packet, 4, 1);
    const nameEnd = 12 + packet.write(query.key, 12, 'latin1');
    writeCount(packet, nameEnd, query.type);
    writeCount(packet, nameEnd + 2, 1);
    return packet.subarray(0, writeEdns(packet, nameEnd + 4, limits.udpBytes, 0, query.dnssecOk));
  }

  private mayAsk(client: Client): boolean {
    if (client.transport === 'http') return true;
    const bytes = parseAddress(client.address);
    return bytes !== undefined && this.clients.some((subnet) => isInSubnet(bytes, subnet));
  }

  private seconds(): number {
    return this.time.monotonic() / 1000;
  }
}

/** A kept answer for this client: its id, its spelling of the name, and no more than it takes. */
function fitted(answer: Buffer, query: Query, packet: Buffer, client: Client): Buffer {
  const bytesMax = client.transport === 'udp' ? Math.min(query.udpBytes, limits.udpBytes) : 65_535;
  const code = (answer[3] ?? 0) & 15;
  const verdict = { code, isAuthoritative: false, recursionAvailable: true };
  if (answer.length > bytesMax || (!query.hasEdns && count(answer, 10) > 1 && answer.length > 512)) {
    return bareAnswer(packet, query, verdict, limits.udpBytes, true);
  }
  const target = Buffer.from(answer);
  const counts = [count(answer, 6), count(answer, 8), count(answer, 10)];
  writeHead(target, packet, query.questionEnd, verdict);
  counts.forEach((value, index) => writeCount(target, 6 + index * 2, value));
  return target;
}

function failure(query: Query, packet: Buffer): Buffer {
  const verdict = { code: RCODE.serverFailure, isAuthoritative: false, recursionAvailable: true };
  return bareAnswer(packet, query, verdict, limits.udpBytes);
}

/** `1.1.1.1`, `1.1.1.1:5353`, `[fd00::1]:53`, `fd00::1`. */
function upstreamOf(text: string): Upstream[] {
  const match = /^\[([0-9a-fA-F:.]+)\](?::(\d+))?$/.exec(text) ?? /^([0-9.]+)(?::(\d+))?$/.exec(text);
  const address = match?.[1] ?? text;
  const bytes = parseAddress(address);
  return bytes === undefined ? [] : [{ address, port: Number(match?.[2] ?? 53) }];
}
