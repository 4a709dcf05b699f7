/** DNS messages as far as a server reads and writes them itself: RFC 1035, RFC 6891 (EDNS). */
import { Buffer } from 'node:buffer';

/** Record types that are named somewhere. */
export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
};

/** Answer codes. */
export const RCODE = {
  ok: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
  badVersion: 16,
};

export const HEADER_BYTES = 12;
const QUERY_BIT = 0x80;
const CLASS_IN = 1;
const OPT_BYTES = 11;
/** What a client takes over UDP when it says nothing. */
export const PLAIN_UDP_BYTES = 512;

/** What a client says about itself with EDNS. */
interface Edns {
  readonly isThere: boolean;
  readonly version: number;
  /** What it takes over UDP. */
  readonly udpBytes: number;
  readonly dnssecOk: boolean;
}

/** A question that was understood. It reads its name from the packet when asked for it: most are answered without. */
export class Query {
  readonly type: number;
  /** Where the name ends in the packet; it begins behind the header. */
  readonly nameEnd: number;
  /** Whether the client speaks EDNS, what it takes over UDP then, and whether it wants DNSSEC records. */
  readonly hasEdns: boolean;
  readonly udpBytes: number;
  readonly dnssecOk: boolean;
  private readonly packet: Buffer;
  private known: string | undefined;

  constructor(packet: Buffer, nameEnd: number, edns: Edns) {
    this.packet = packet;
    this.nameEnd = nameEnd;
    this.type = count(packet, nameEnd);
    this.hasEdns = edns.isThere;
    this.udpBytes = edns.udpBytes;
    this.dnssecOk = edns.dnssecOk;
  }

  /** The name as a key: wire form, lower case. */
  get key(): string {
    return (this.known ??= this.packet.toString('latin1', HEADER_BYTES, this.nameEnd).toLowerCase());
  }

  /** Where the question ends in the packet. */
  get questionEnd(): number {
    return this.nameEnd + 4;
  }
}

/** What became of a packet: a query, or the code with which it is refused, or silence. */
export type Reading =
  | { readonly kind: 'query'; readonly query: Query }
  | { readonly kind: 'refuse'; readonly code: number; readonly questionEnd: number; readonly hasEdns: boolean }
  | { readonly kind: 'drop' };

const DROP: Reading = { kind: 'drop' };

/**
 * Reads a packet from anybody. Never throws: what is no query at all is dropped (an answer to an answer could go round
 * for ever), and what is a wrong query is refused.
 */
export function readQuery(packet: Buffer): Reading {
  const { length } = packet;
  if (length < HEADER_BYTES || (byte(packet, 2) & QUERY_BIT) !== 0) return DROP;
  if (((byte(packet, 2) >> 3) & 15) !== 0) return refuse(RCODE.notImplemented, HEADER_BYTES, false);
  if (count(packet, 4) !== 1 || count(packet, 6) !== 0 || count(packet, 8) !== 0) {
    return refuse(RCODE.formatError, HEADER_BYTES, false);
  }
  const nameEnd = endOfPlainName(packet, HEADER_BYTES);
  if (nameEnd < 0 || nameEnd + 4 > length) return refuse(RCODE.formatError, HEADER_BYTES, false);
  const questionEnd = nameEnd + 4;
  const additional = count(packet, 10);
  const edns = additional === 0 ? NO_EDNS : readEdns(packet, questionEnd, additional);
  if (edns === undefined) return refuse(RCODE.formatError, questionEnd, false);
  if (edns.version > 0) return refuse(RCODE.badVersion, questionEnd, true);
  if (count(packet, nameEnd + 2) !== CLASS_IN) return refuse(RCODE.refused, questionEnd, edns.isThere);
  return { kind: 'query', query: new Query(packet, nameEnd, edns) };
}

const NO_EDNS: Edns = { isThere: false, version: 0, udpBytes: PLAIN_UDP_BYTES, dnssecOk: false };

/** Looks through the additional records for OPT; undefined when they are broken, or there are two. */
function readEdns(packet: Buffer, start: number, records: number): Edns | undefined {
  let at = start;
  let edns: Edns | undefined;
  for (let index = 0; index < records; index += 1) {
    const nameEnd = endOfName(packet, at);
    if (nameEnd < 0 || nameEnd + 10 > packet.length) return undefined;
    const dataEnd = nameEnd + 10 + count(packet, nameEnd + 8);
    if (dataEnd > packet.length) return undefined;
    if (count(packet, nameEnd) === TYPE.OPT) {
      if (edns !== undefined || nameEnd !== at + 1) return undefined;
      edns = {
        isThere: true,
        version: byte(packet, nameEnd + 5),
        udpBytes: Math.max(PLAIN_UDP_BYTES, count(packet, nameEnd + 2)),
        dnssecOk: (byte(packet, nameEnd + 6) & 0x80) !== 0,
      };
    }
    at = dataEnd;
  }
  return edns ?? NO_EDNS;
}

/** The end of a name without pointers, which no question needs; -1 when it is none. */
function endOfPlainName(packet: Buffer, start: number): number {
  let at = start;
  while (at < packet.length) {
    const length = byte(packet, at);
    if (length > 63) return -1;
    at += 1 + length;
    if (at - start > 255) return -1;
    if (length === 0) return at;
  }
  return -1;
}

/** The end of a name that may end in a pointer, in the place where it is written; -1 when it is none. */
export function endOfName(packet: Buffer, start: number): number {
  let at = start;
  while (at < packet.length) {
    const length = byte(packet, at);
    if (length >= 0xc0) return at + 2 <= packet.length ? at + 2 : -1;
    if (length > 63) return -1;
    at += 1 + length;
    if (length === 0) return at;
  }
  return -1;
}

/** What goes into an answer's header beside the counts. */
export interface Verdict {
  readonly code: number;
  readonly isAuthoritative: boolean;
  readonly recursionAvailable: boolean;
}

/**
 * Writes the header and copies the question of a query. Id, RD and CD are the query's.
 * @param questionEnd where the question ends; the header's end when there is none to copy
 */
export function writeHead(target: Buffer, packet: Buffer, questionEnd: number, verdict: Verdict): void {
  packet.copy(target, 0, 0, questionEnd);
  target[2] = QUERY_BIT | (byte(packet, 2) & 0x79) | (verdict.isAuthoritative ? 4 : 0);
  target[3] = (verdict.recursionAvailable ? 0x80 : 0) | (byte(packet, 3) & 0x10) | (verdict.code & 15);
  writeCount(target, 4, questionEnd === HEADER_BYTES ? 0 : 1);
  for (let at = 6; at < HEADER_BYTES; at += 1) target[at] = 0;
}

/** Writes an OPT record and counts it. Gives the new end. @param code the whole answer code; its upper bits go here */
export function writeEdns(target: Buffer, at: number, udpBytes: number, code: number, dnssecOk: boolean): number {
  target[at] = 0;
  writeCount(target, at + 1, TYPE.OPT);
  writeCount(target, at + 3, udpBytes);
  target[at + 5] = code >> 4;
  target[at + 6] = 0;
  target[at + 7] = dnssecOk ? 0x80 : 0;
  target[at + 8] = 0;
  writeCount(target, at + 9, 0);
  writeCount(target, 10, count(target, 10) + 1);
  return at + OPT_BYTES;
}

/** An answer without records: an error, or a header that says to come back over TCP. */
export function bareAnswer(
  packet: Buffer,
  asked: { readonly questionEnd: number; readonly hasEdns: boolean },
  verdict: Verdict,
  udpBytes: number,
  isTruncated = false,
): Buffer {
  const target = Buffer.allocUnsafe(asked.questionEnd + OPT_BYTES);
  writeHead(target, packet, asked.questionEnd, verdict);
  if (isTruncated) target[2] = byte(target, 2) | 2;
  const end = asked.hasEdns ? writeEdns(target, asked.questionEnd, udpBytes, verdict.code, false) : asked.questionEnd;
  return target.subarray(0, end);
}

/** A 16-bit number. The caller has made sure that it is there. */
export function count(packet: Buffer, at: number): number {
  return (byte(packet, at) << 8) | byte(packet, at + 1);
}

export function writeCount(target: Buffer, at: number, value: number): void {
  target[at] = value >> 8;
  target[at + 1] = value & 255;
}

export function byte(packet: Buffer, at: number): number {
  return packet[at] ?? 0;
}

function refuse(code: number, questionEnd: number, hasEdns: boolean): Reading {
  return { kind: 'refuse', code, questionEnd, hasEdns };
}
