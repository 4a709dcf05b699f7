/**
 * Answers questions about the zones. Everything is written straight from the table into the packet that is sent: no
 * objects between, no promise, one allocation. Records come in a new random order each time, so that clients which take
 * the first spread.
 */
import { Buffer } from 'node:buffer';
import type { Random } from '@stadion/base';
import { isInSubnet, type AddressBytes, type Subnet } from '../core/ip-address.ts';
import {
  HEADER_BYTES,
  RCODE,
  TYPE,
  bareAnswer,
  writeCount,
  writeEdns,
  writeHead,
  type Query,
  type Verdict,
} from './message.ts';
import { labelStarts } from './name-key.ts';
import type { AddressList, NameEntry, ServiceTarget, Zone, ZoneTable } from './zone-table.ts';

/** What clients in some networks get to see first: where it has addresses in `prefer`, a name has only those. */
export interface SplitAnswer {
  readonly clients: readonly Subnet[];
  readonly prefer: readonly Subnet[];
}

/** How to answer. */
export interface AnswerSettings {
  /** What we say we take over UDP, and the most we send. */
  readonly udpBytes: number;
  /** Whether we forward what is not ours. */
  readonly recursionAvailable: boolean;
  readonly splits: readonly SplitAnswer[];
}

/** An answer, and what it says: the code, and how many records answer. */
export interface Answer {
  readonly packet: Buffer;
  readonly code: number;
  readonly records: number;
}

const POINTER_TO_QUESTION = 0xc000 | HEADER_BYTES;
const POINTER_MAX = 0x3fff;
const OPT_BYTES = 11;
/** A record's fixed part behind a pointer as its owner: pointer, type, class, TTL, length. */
const FIXED_BYTES = 12;
const SRV_FIXED_BYTES = 6;
const SOA_NUMBERS_BYTES = 20;
/** More do not fit into a message over TCP. */
const RECORDS_MAX = 4096;
const order = new Uint16Array(RECORDS_MAX);

/** Writes answers for one table. */
export class Answerer {
  private readonly table: ZoneTable;
  private readonly settings: AnswerSettings;
  private readonly random: Random;

  constructor(table: ZoneTable, settings: AnswerSettings, random: Random) {
    this.table = table;
    this.settings = settings;
    this.random = random;
  }

  /**
   * The answer to a question about one of the zones; undefined when it is about none of them.
   * @param packet what the query was read from
   * @param bytesMax what the client takes
   * @param client its address, where answers differ by that
   */
  answer(query: Query, packet: Buffer, bytesMax: number, client: AddressBytes | undefined): Answer | undefined {
    let entry = this.table.findAsked(query, packet);
    if (entry === undefined) {
      const zone = this.table.zoneOf(query.key);
      if (zone === undefined) return undefined;
      entry = this.findWithoutStars(query.key);
      if (entry === undefined) {
        return zone.serial === 0 ? this.fail(query, packet) : this.deny(query, packet, zone, RCODE.nameError);
      }
    }
    if (entry.zone.serial === 0) return this.fail(query, packet);
    switch (query.type) {
      case TYPE.A:
        return this.addresses(query, packet, bytesMax, entry, this.seen(entry.a, 4, client), TYPE.A, 4);
      case TYPE.AAAA:
        return this.addresses(query, packet, bytesMax, entry, this.seen(entry.aaaa, 16, client), TYPE.AAAA, 16);
      case TYPE.SRV:
        return this.services(query, packet, bytesMax, entry, client);
      case TYPE.SOA:
      case TYPE.NS:
        if (query.key === entry.zone.apex) return this.aboutZone(query, packet, entry, query.type);
        return this.deny(query, packet, entry.zone, RCODE.ok);
      case TYPE.ANY:
        return this.anything(query, packet, bytesMax, entry, client);
      case TYPE.AXFR:
      case TYPE.IXFR:
        return this.refuse(query, packet);
      default:
        return this.deny(query, packet, entry.zone, RCODE.ok);
    }
  }

  /** Clients of Mesos-DNS may write `_web.*._tcp.…`: a star inside a name stands for nothing. */
  private findWithoutStars(key: string): NameEntry | undefined {
    if (!key.includes('\u0001*')) return undefined;
    const kept = labelStarts(key).filter((start) => start === 0 || !key.startsWith('\u0001*', start));
    const labels = kept.map((start) => key.slice(start, start + 1 + key.charCodeAt(start)));
    return this.table.find(`${labels.join('')}\0`);
  }

  private addresses(
    query: Query,
    packet: Buffer,
    bytesMax: number,
    entry: NameEntry,
    list: AddressList,
    type: number,
    size: number,
  ): Answer {
    const total = Math.min(list.count, RECORDS_MAX);
    if (total === 0) return this.deny(query, packet, entry.zone, RCODE.ok);
    const optBytes = query.hasEdns ? OPT_BYTES : 0;
    const room = bytesMax - query.questionEnd - optBytes;
    const fits = Math.min(total, Math.floor(room / (FIXED_BYTES + size)));
    const target = Buffer.allocUnsafe(query.questionEnd + fits * (FIXED_BYTES + size) + optBytes);
    writeHead(target, packet, query.questionEnd, this.verdict(RCODE.ok));
    this.shuffle(total);
    let at = query.questionEnd;
    for (let index = 0; index < fits; index += 1) {
      at = writeFixed(target, at, POINTER_TO_QUESTION, type, entry.zone.settings.ttl, size);
      at = writeAddress(target, at, list, order[index] ?? 0, size);
    }
    writeCount(target, 6, fits);
    return this.finish(query, target, at, fits, fits < total);
  }

  private services(
    query: Query,
    packet: Buffer,
    bytesMax: number,
    entry: NameEntry,
    client: AddressBytes | undefined,
  ): Answer {
    const { srv, zone } = entry;
    if (srv.length === 0) return this.deny(query, packet, zone, RCODE.ok);
    const total = Math.min(srv.length, RECORDS_MAX);
    const limit = bytesMax - (query.hasEdns ? OPT_BYTES : 0);
    const target = Buffer.allocUnsafe(Math.min(bytesMax, query.questionEnd + srvBytes(srv)) + OPT_BYTES);
    writeHead(target, packet, query.questionEnd, this.verdict(RCODE.ok));
    this.shuffle(total);
    let at = query.questionEnd;
    let written = 0;
    const hints: { readonly key: string; readonly at: number }[] = [];
    for (; written < total; written += 1) {
      const service = srv[order[written] ?? 0];
      if (service === undefined) break;
      const size = SRV_FIXED_BYTES + service.target.length;
      if (at + FIXED_BYTES + size > limit) break;
      if (at + FIXED_BYTES + SRV_FIXED_BYTES <= POINTER_MAX) {
        hints.push({ key: service.target, at: at + FIXED_BYTES + SRV_FIXED_BYTES });
      }
      at = writeSrv(target, at, zone, service);
    }
    writeCount(target, 6, written);
    const isCut = written < total;
    if (!isCut) at = this.addHints(target, at, limit, hints, client);
    return this.finish(query, target, at, written, isCut);
  }

  /** One address of each kind for every target, as far as there is room: it saves the client a question. */
  private addHints(
    target: Buffer,
    start: number,
    limit: number,
    hints: readonly { readonly key: string; readonly at: number }[],
    client: AddressBytes | undefined,
  ): number {
    let at = start;
    let written = 0;
    const seen = new Set<string>();
    for (const hint of hints) {
      if (seen.has(hint.key)) continue;
      seen.add(hint.key);
      const entry = this.table.find(hint.key);
      if (entry === undefined) continue;
      for (const [type, size, all] of [[TYPE.A, 4, entry.a] as const, [TYPE.AAAA, 16, entry.aaaa] as const]) {
        const list = this.seen(all, size, client);
        if (list.count === 0 || at + FIXED_BYTES + size > limit) continue;
        if (at + FIXED_BYTES + size + OPT_BYTES > target.length) continue;
        at = writeFixed(target, at, 0xc000 | hint.at, type, entry.zone.settings.ttl, size);
        at = writeAddress(target, at, list, 0, size);
        written += 1;
      }
    }
    writeCount(target, 10, written);
    return at;
  }

  /** SOA and NS of the zone itself. */
  private aboutZone(query: Query, packet: Buffer, { zone }: NameEntry, type: number): Answer {
    const target = Buffer.allocUnsafe(query.questionEnd + soaBytes(zone) + OPT_BYTES);
    writeHead(target, packet, query.questionEnd, this.verdict(RCODE.ok));
    const start = query.questionEnd;
    let at: number;
    if (type === TYPE.SOA) at = writeSoa(target, start, POINTER_TO_QUESTION, zone);
    else {
      at = writeFixed(target, start, POINTER_TO_QUESTION, TYPE.NS, zone.settings.ttl, zone.mname.length);
      at += target.write(zone.mname, at, 'latin1');
    }
    writeCount(target, 6, 1);
    return this.finish(query, target, at, 1, false);
  }

  private anything(
    query: Query,
    packet: Buffer,
    bytesMax: number,
    entry: NameEntry,
    client: AddressBytes | undefined,
  ): Answer {
    // RFC 8482: one kind is enough of an answer.
    if (query.key === entry.zone.apex) return this.aboutZone(query, packet, entry, TYPE.SOA);
    const a = this.seen(entry.a, 4, client);
    if (a.count > 0) return this.addresses(query, packet, bytesMax, entry, a, TYPE.A, 4);
    const aaaa = this.seen(entry.aaaa, 16, client);
    if (aaaa.count > 0) return this.addresses(query, packet, bytesMax, entry, aaaa, TYPE.AAAA, 16);
    return this.services(query, packet, bytesMax, entry, client);
  }

  /** No such name, or nothing of this kind: with the zone's SOA, so that the answer can be kept (RFC 2308). */
  private deny(query: Query, packet: Buffer, zone: Zone, code: number): Answer {
    const target = Buffer.allocUnsafe(query.questionEnd + soaBytes(zone) + OPT_BYTES);
    writeHead(target, packet, query.questionEnd, this.verdict(code));
    const owner = 0xc000 | (query.nameEnd - zone.apex.length);
    const at = writeSoa(target, query.questionEnd, owner, zone);
    writeCount(target, 8, 1);
    return { ...this.finish(query, target, at, 0, false), code };
  }

  private refuse(query: Query, packet: Buffer): Answer {
    return this.bare(query, packet, RCODE.refused);
  }

  /** The zone was never read: the client may know another server that has it. */
  private fail(query: Query, packet: Buffer): Answer {
    return this.bare(query, packet, RCODE.serverFailure);
  }

  private bare(query: Query, packet: Buffer, code: number): Answer {
    const verdict = { ...this.verdict(code), isAuthoritative: false };
    return { packet: bareAnswer(packet, query, verdict, this.settings.udpBytes), code, records: 0 };
  }

  private finish(query: Query, target: Buffer, at: number, records: number, isCut: boolean): Answer {
    if (isCut) target[2] = (target[2] ?? 0) | 2;
    const end = query.hasEdns ? writeEdns(target, at, this.settings.udpBytes, RCODE.ok, query.dnssecOk) : at;
    return { packet: end === target.length ? target : target.subarray(0, end), code: RCODE.ok, records };
  }

  private verdict(code: number): Verdict {
    return { code, isAuthoritative: true, recursionAvailable: this.settings.recursionAvailable };
  }

  /** The addresses that a client gets to see. */
  private seen(list: AddressList, size: number, client: AddressBytes | undefined): AddressList {
    if (client === undefined || list.count <= 1 || this.settings.splits.length === 0) return list;
    const split = this.settings.splits.find(({ clients }) => clients.some((subnet) => isInSubnet(client, subnet)));
    if (split === undefined) return list;
    const preferred: Buffer[] = [];
    for (let index = 0; index < list.count; index += 1) {
      const start = list.start + index * size;
      const address = list.bytes.subarray(start, start + size);
      if (split.prefer.some((subnet) => isInSubnet(address, subnet))) preferred.push(address);
    }
    return preferred.length === 0 ? list : { bytes: Buffer.concat(preferred), start: 0, count: preferred.length };
  }

  /** Puts 0 … total - 1 into `order`, shuffled (Fisher-Yates). */
  private shuffle(total: number): void {
    for (let index = 0; index < total; index += 1) order[index] = index;
    for (let index = total - 1; index > 0; index -= 1) {
      const other = Math.floor((this.random.uint32() / 4_294_967_296) * (index + 1));
      const kept = order[index] ?? 0;
      order[index] = order[other] ?? 0;
      order[other] = kept;
    }
  }
}

function writeFixed(target: Buffer, at: number, owner: number, type: number, ttl: number, size: number): number {
  writeCount(target, at, owner);
  writeCount(target, at + 2, type);
  writeCount(target, at + 4, 1);
  writeCount(target, at + 6, (ttl >>> 16) & 0xffff);
  writeCount(target, at + 8, ttl & 0xffff);
  writeCount(target, at + 10, size);
  return at + FIXED_BYTES;
}

/** Gives the new end. */
function writeAddress(target: Buffer, at: number, { bytes, start }: AddressList, index: number, size: number): number {
  const from = start + index * size;
  for (let offset = 0; offset < size; offset += 1) target[at + offset] = bytes[from + offset] ?? 0;
  return at + size;
}

/** Priority 0; the target is written out, because RFC 2782 forbids to compress it. */
function writeSrv(target: Buffer, start: number, zone: Zone, service: ServiceTarget): number {
  const size = SRV_FIXED_BYTES + service.target.length;
  const at = writeFixed(target, start, POINTER_TO_QUESTION, TYPE.SRV, zone.settings.ttl, size);
  writeCount(target, at, 0);
  writeCount(target, at + 2, zone.settings.srvWeight);
  writeCount(target, at + 4, service.port);
  return at + SRV_FIXED_BYTES + target.write(service.target, at + SRV_FIXED_BYTES, 'latin1');
}

function writeSoa(target: Buffer, start: number, owner: number, zone: Zone): number {
  const { ttl, refresh, retry, expire } = zone.settings;
  let at = writeFixed(target, start, owner, TYPE.SOA, ttl, soaBytes(zone) - FIXED_BYTES);
  at += target.write(zone.mname, at, 'latin1');
  at += target.write(zone.rname, at, 'latin1');
  for (const value of [zone.serial, refresh, retry, expire, ttl]) at = target.writeUInt32BE(value >>> 0, at);
  return at;
}

function soaBytes({ mname, rname }: Zone): number {
  return FIXED_BYTES + mname.length + rname.length + SOA_NUMBERS_BYTES;
}

/** Room for all of them with both hints each. */
function srvBytes(srv: readonly ServiceTarget[]): number {
  let bytes = 0;
  for (const { target } of srv) bytes += FIXED_BYTES * 3 + SRV_FIXED_BYTES + target.length + 4 + 16;
  return bytes;
}
