/** IP addresses and CIDR ranges, IPv4 and IPv6; an IPv4 address inside IPv6 (`::ffff:`) counts as IPv4. */
import { parsed, unparsed, type Parsed } from '../rule/rule.ts';

/** A range of addresses. */
export interface AddressRange {
  contains(address: string): boolean;
}

interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** Reads `10.0.0.0/8`, `::1`, `192.168.1.1`. */
export function parseRange(text: string): Parsed<AddressRange> {
  const [addressText = '', prefixText, ...more] = text.trim().split('/');
  const address = parseAddress(addressText);
  if (address === undefined || more.length > 0) {
    return unparsed(`'${text}' is not an address or a range such as 10.0.0.0/8`);
  }
  if (prefixText !== undefined && !/^\d{1,3}$/.test(prefixText)) {
    return unparsed(`'${text}' has no number of bits after its slash`);
  }
  const prefix = prefixText === undefined ? address.bits : Number(prefixText);
  if (prefix > address.bits) return unparsed(`'${text}' has more bits than an address of its kind`);
  const shift = BigInt(address.bits - prefix);
  const wanted = address.value >> shift;
  return parsed({
    contains(candidate) {
      const other = parseAddress(candidate);
      return other?.bits === address.bits && other.value >> shift === wanted;
    },
  });
}

/** Reads a list; the first thing that is none spoils it, because a shorter list would let the wrong ones in. */
export function parseRanges(texts: readonly string[]): Parsed<readonly AddressRange[]> {
  const ranges: AddressRange[] = [];
  for (const text of texts) {
    const range = parseRange(text);
    if (!range.ok) return range;
    ranges.push(range.value);
  }
  return parsed(ranges);
}

/** Remembers verdicts, because the same few clients ask again and again. */
export class AddressSet {
  private readonly ranges: readonly AddressRange[];
  private readonly verdicts = new Map<string, boolean>();

  constructor(ranges: readonly AddressRange[]) {
    this.ranges = ranges;
  }

  get size(): number {
    return this.ranges.length;
  }

  has(address: string): boolean {
    const known = this.verdicts.get(address);
    if (known !== undefined) return known;
    const verdict = this.ranges.some((range) => range.contains(address));
    if (this.verdicts.size >= VERDICTS_MAX) this.verdicts.clear();
    this.verdicts.set(address, verdict);
    return verdict;
  }
}

const VERDICTS_MAX = 10_000;

function parseAddress(text: string): Address | undefined {
  const lower = text.toLowerCase();
  if (lower.includes(':')) return parseIpv6(lower);
  const value = parseIpv4(lower);
  return value === undefined ? undefined : { bits: 32, value };
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(Number(part));
  }
  return value;
}

function parseIpv6(text: string): Address | undefined {
  const zone = text.indexOf('%');
  let rest = zone < 0 ? text : text.slice(0, zone);
  const lastColon = rest.lastIndexOf(':');
  const tail = rest.slice(lastColon + 1);
  if (tail.includes('.')) {
    const ipv4 = parseIpv4(tail);
    if (ipv4 === undefined) return undefined;
    if (/^(::ffff|0:0:0:0:0:ffff)$/.test(rest.slice(0, lastColon))) return { bits: 32, value: ipv4 };
    rest = `${rest.slice(0, lastColon + 1)}${(ipv4 >> 16n).toString(16)}:${(ipv4 & 0xffffn).toString(16)}`;
  }
  const halves = rest.split('::');
  if (halves.length > 2) return undefined;
  const head = groups(halves[0] ?? '');
  const end = halves.length === 2 ? groups(halves[1] ?? '') : [];
  if (head === undefined || end === undefined) return undefined;
  const missing = 8 - head.length - end.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const all = [...head, ...Array.from({ length: missing }, () => 0n), ...end];
  return { bits: 128, value: all.reduce((sum, group) => (sum << 16n) | group, 0n) };
}

function groups(text: string): bigint[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  return parts.every((part) => /^[0-9a-f]{1,4}$/.test(part)) ? parts.map((part) => BigInt(`0x${part}`)) : undefined;
}
