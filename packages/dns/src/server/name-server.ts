/**
 * One packet in, one packet out: reads the query, answers it from the zones or has it forwarded, counts and logs. The
 * same for every transport; runs in the platform's process or in workers of its own.
 */
import type { Buffer } from 'node:buffer';
import type { Clock, Random } from '@stadion/base';
import { parseAddress, parseSubnet } from '../core/ip-address.ts';
import { RateLimit } from '../core/rate-limit.ts';
import { limits } from '../limits.ts';
import { Answerer, type SplitAnswer } from '../wire/answerer.ts';
import { RCODE, bareAnswer, readQuery, type Query } from '../wire/message.ts';
import { ZoneTable, type ZoneSettings } from '../wire/zone-table.ts';
import type { Client } from './client.ts';
import { Counters } from './counters.ts';
import type { Forwarder } from './forwarder.ts';
import { QueryLog } from './query-log.ts';

/** What a name server is told when it starts; plain data, so that it can be sent to a worker. */
export interface NameServerSettings {
  readonly zones: readonly ZoneSettings[];
  /** Answers per second that one network gets over UDP; 0 for no limit. */
  readonly rateLimit: number;
  readonly splits: readonly { readonly clients: readonly string[]; readonly prefer: readonly string[] }[];
}

/** A DNS message over TCP has its length in two bytes. */
const STREAM_BYTES_MAX = 65_535;

/** The server without its sockets. */
export class NameServer {
  readonly table: ZoneTable;
  readonly counters = new Counters();
  readonly log = new QueryLog(limits.loggedQueries);
  private readonly answerer: Answerer;
  private readonly rateLimit: RateLimit;
  private readonly forwarder: Forwarder | undefined;
  private readonly clock: Clock;
  private readonly hasSplits: boolean;

  constructor(
    settings: NameServerSettings,
    parts: { readonly clock: Clock; readonly random: Random; readonly forwarder: Forwarder | undefined },
  ) {
    this.clock = parts.clock;
    this.forwarder = parts.forwarder;
    this.table = new ZoneTable(settings.zones);
    const splits = settings.splits.map(({ clients, prefer }): SplitAnswer => {
      return { clients: clients.flatMap(subnetOf), prefer: prefer.flatMap(subnetOf) };
    });
    this.hasSplits = splits.length > 0;
    const recursionAvailable = parts.forwarder !== undefined;
    this.answerer = new Answerer(
      this.table,
      { udpBytes: limits.udpBytes, recursionAvailable, splits },
      parts.random.stream('answers'),
    );
    this.rateLimit = new RateLimit(settings.rateLimit, limits.rateBuckets);
  }

  /**
   * Handles one packet. Never throws, whatever the packet is.
   * @param packet it may be kept until `reply` is called
   * @returns whether `reply` was or will be called, once; false when the packet gets no answer
   */
  handle(packet: Buffer, client: Client, reply: (answer: Buffer) => void): boolean {
    const reading = readQuery(packet);
    if (reading.kind === 'drop') {
      this.counters.count('dropped_total{reason="no query"}');
      return false;
    }
    const admission =
      client.transport === 'udp'
        ? this.rateLimit.admit(client.address, Math.floor(this.clock.monotonic() / 1000))
        : 'send';
    if (admission === 'drop') {
      this.counters.count('dropped_total{reason="rate limit"}');
      return false;
    }
    if (reading.kind === 'refuse') {
      this.counters.answered(reading.code, true);
      const verdict = { code: reading.code, isAuthoritative: false, recursionAvailable: false };
      reply(bareAnswer(packet, reading, verdict, limits.udpBytes));
      return true;
    }
    const { query } = reading;
    if (admission === 'truncate') {
      this.counters.count('truncated_total{reason="rate limit"}');
      const verdict = { code: RCODE.ok, isAuthoritative: true, recursionAvailable: false };
      reply(bareAnswer(packet, query, verdict, limits.udpBytes, true));
      return true;
    }
    this.answer(query, packet, client, reply);
    return true;
  }

  private answer(query: Query, packet: Buffer, client: Client, reply: (answer: Buffer) => void): void {
    const bytesMax = client.transport === 'udp' ? Math.min(query.udpBytes, limits.udpBytes) : STREAM_BYTES_MAX;
    const seenAs = this.hasSplits ? parseAddress(client.address) : undefined;
    const own = this.answerer.answer(query, packet, bytesMax, seenAs);
    if (own !== undefined) {
      this.note(query, packet, client, own.code, own.records, true);
      reply(own.packet);
      return;
    }
    const forwards = this.forwarder?.forward(query, packet, client, (answer) => {
      this.note(query, packet, client, (answer[3] ?? 0) & 15, ((answer[6] ?? 0) << 8) | (answer[7] ?? 0), false);
      reply(answer);
    });
    if (forwards === true) return;
    this.note(query, packet, client, RCODE.refused, 0, false);
    const verdict = { code: RCODE.refused, isAuthoritative: false, recursionAvailable: false };
    reply(bareAnswer(packet, query, verdict, limits.udpBytes));
  }

  private note(query: Query, packet: Buffer, client: Client, code: number, records: number, isOwn: boolean): void {
    this.counters.answered(code, isOwn);
    this.log.add(query, packet, client, this.clock.now(), code, records);
  }
}

function subnetOf(text: string) {
  const subnet = parseSubnet(text);
  return subnet === undefined ? [] : [subnet];
}
