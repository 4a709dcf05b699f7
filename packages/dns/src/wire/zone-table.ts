/**
 * What queries are answered from: every name of every zone with its data in wire form, changed name by name. A name
 * that only has names below it is there too, without data: asking for it is no error (RFC 8020).
 */
import { Buffer } from 'node:buffer';
import { parseAddress } from '../core/ip-address.ts';
import type { NameChange } from '../core/record-book.ts';
import { HEADER_BYTES, type Query } from './message.ts';
import { isAtOrBelow, keyOfName, parentKey } from './name-key.ts';
import { PackedNames, type Place } from './packed-names.ts';

/** What makes a zone, beside its names. */
export interface ZoneSettings {
  /** E.g. `mesos`. */
  readonly domain: string;
  /** Seconds for which answers may be kept, also those that say no. */
  readonly ttl: number;
  /** Names in the SOA record: the first server and the address of who is responsible, with `.` for `@`. */
  readonly mname: string;
  readonly rname: string;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly srvWeight: number;
}

/** Where a service listens, as an SRV record says it. */
export interface ServiceTarget {
  readonly port: number;
  /** The key of the target's name. */
  readonly target: string;
}

/** Addresses of one kind, one after another in some memory. Good until the next change; not to be changed, nor kept. */
export interface AddressList {
  readonly bytes: Buffer;
  readonly start: number;
  readonly count: number;
}

/** What one name has. */
export interface NameEntry {
  readonly zone: Zone;
  /** Four bytes per IPv4 address. */
  readonly a: AddressList;
  /** Sixteen bytes per IPv6 address. */
  readonly aaaa: AddressList;
  readonly srv: readonly ServiceTarget[];
}

/** One zone. */
export class Zone {
  readonly apex: string;
  readonly settings: ZoneSettings;
  readonly mname: string;
  readonly rname: string;
  /** Unix seconds of the last change; 0 until the zone was first read, and until then nobody knows what it has. */
  serial = 0;

  constructor(settings: ZoneSettings) {
    this.settings = settings;
    this.apex = keyOfName(settings.domain) ?? '\0';
    this.mname = keyOfName(settings.mname) ?? this.apex;
    this.rname = keyOfName(settings.rname) ?? this.apex;
  }
}

const NO_TARGETS: readonly ServiceTarget[] = [];
/** A name with more addresses or targets than this is kept as an object: packed, all would be unpacked at each query. */
const PACKED_MAX = 8;
/** Three counts: of IPv4 addresses, of IPv6 addresses, of targets. */
const COUNTS_BYTES = 3;
const NOTHING = '\0\0\0';
/** In the place of the first count: see `crowded`. */
const CROWDED = '\xff';
const CROWDED_BYTE = 0xff;

/** What a name has, its addresses as latin1 strings. */
interface Data {
  readonly a: string;
  readonly aaaa: string;
  readonly srv: readonly ServiceTarget[];
}

/** Reads what is asked for from a block when it is asked for. */
class PackedEntry implements NameEntry {
  readonly zone: Zone;
  private readonly block: Buffer;
  private readonly start: number;

  constructor(zone: Zone, block: Buffer, start: number) {
    this.zone = zone;
    this.block = block;
    this.start = start;
  }

  get a(): AddressList {
    return { bytes: this.block, start: this.start + COUNTS_BYTES, count: this.count(0) };
  }

  get aaaa(): AddressList {
    return { bytes: this.block, start: this.start + COUNTS_BYTES + this.count(0) * 4, count: this.count(1) };
  }

  get srv(): readonly ServiceTarget[] {
    const total = this.count(2);
    if (total === 0) return NO_TARGETS;
    return unpackTargets(this.block, this.start + COUNTS_BYTES + this.count(0) * 4 + this.count(1) * 16, total);
  }

  private count(at: number): number {
    return this.block[this.start + at] ?? 0;
  }
}

/** All names. */
export class ZoneTable {
  private readonly names = new PackedNames();
  private readonly crowded = new Map<string, Omit<NameEntry, 'zone'>>();
  private readonly zones: readonly Zone[];

  constructor(settings: readonly ZoneSettings[]) {
    // The longest domain first: a zone below another is its own.
    this.zones = settings.map((one) => new Zone(one)).sort((one, other) => other.apex.length - one.apex.length);
    for (const [index, zone] of this.zones.entries()) this.names.set(zone.apex, NOTHING, index);
  }

  /** How many names there are, those without data included. */
  get size(): number {
    return this.names.size;
  }

  /** What a name has, if it is there. */
  find(key: string): NameEntry | undefined {
    const place = this.names.find(key);
    return place === undefined ? undefined : this.entryAt(place, () => key);
  }

  /** What the name in a question has, if it is there. */
  findAsked(query: Query, packet: Buffer): NameEntry | undefined {
    const place = this.names.findIn(packet, HEADER_BYTES, query.nameEnd);
    return place === undefined ? undefined : this.entryAt(place, () => query.key);
  }

  private entryAt(place: Place, key: () => string): NameEntry | undefined {
    const zone = this.zones[this.names.owner(place)];
    if (zone === undefined) return undefined;
    const { block, start } = this.names.data(place);
    if (block[start] !== CROWDED_BYTE) return new PackedEntry(zone, block, start);
    const data = this.crowded.get(key());
    return data === undefined ? undefined : { zone, ...data };
  }

  /** The zone that a name belongs to, whether it is there or not. */
  zoneOf(key: string): Zone | undefined {
    return this.zones.find(({ apex }) => isAtOrBelow(key, apex));
  }

  /**
   * Sets what some names of one zone have.
   * @returns names that cannot be written in DNS and were left out
   */
  apply(domain: string, changes: readonly NameChange[], serial: number): string[] {
    const index = this.zones.findIndex(({ settings }) => settings.domain === domain);
    const zone = this.zones[index];
    if (zone === undefined) return [];
    const refused: string[] = [];
    for (const change of changes) {
      const key = keyOfName(change.name);
      if (key === undefined || !isAtOrBelow(key, zone.apex)) refused.push(change.name);
      else if (change.addresses.length > 0 || change.targets.length > 0) this.set(key, index, dataOf(change, refused));
      else this.clear(key, zone, index);
    }
    if (changes.length > 0 || zone.serial === 0) zone.serial = serial;
    return refused;
  }

  private set(key: string, zone: number, data: Data): void {
    if (this.names.find(key) === undefined) this.countAbove(key, zone);
    const packed = pack(data);
    if (packed === CROWDED) {
      this.crowded.set(key, { a: listed(data.a, 4), aaaa: listed(data.aaaa, 16), srv: data.srv });
    } else this.crowded.delete(key);
    this.names.set(key, packed, zone);
  }

  /** Counts a new name in the one above, which is there from now on. */
  private countAbove(key: string, zone: number): void {
    const parent = parentKey(key);
    if (parent === undefined || key === this.zones[zone]?.apex) return;
    let above = this.names.find(parent);
    if (above === undefined) {
      this.countAbove(parent, zone);
      above = this.names.set(parent, NOTHING, zone);
    }
    this.names.setChildren(above, this.names.children(above) + 1);
  }

  private clear(key: string, zone: Zone, index: number): void {
    if (this.names.find(key) === undefined) return;
    this.crowded.delete(key);
    this.names.set(key, NOTHING, index);
    this.prune(key, zone);
  }

  /** A name goes when it has neither data nor names below it; perhaps its parent goes with it. */
  private prune(key: string, zone: Zone): void {
    const place = this.names.find(key);
    if (place === undefined || key === zone.apex || this.names.children(place) > 0) return;
    const { block, start, end } = this.names.data(place);
    if (block.toString('latin1', start, end) !== NOTHING) return;
    this.names.delete(key);
    const parent = parentKey(key);
    const above = parent === undefined ? undefined : this.names.find(parent);
    if (parent === undefined || above === undefined) return;
    this.names.setChildren(above, this.names.children(above) - 1);
    this.prune(parent, zone);
  }
}

function dataOf({ addresses, targets }: NameChange, refused: string[]): Data {
  const a: string[] = [];
  const aaaa: string[] = [];
  for (const text of addresses) {
    const bytes = parseAddress(text) ?? [];
    (bytes.length === 4 ? a : aaaa).push(String.fromCharCode(...bytes));
  }
  const srv = targets.flatMap((text) => {
    const colon = text.lastIndexOf(':');
    const target = keyOfName(text.slice(0, colon));
    if (target === undefined) {
      refused.push(text);
      return [];
    }
    return [{ port: Number(text.slice(colon + 1)), target }];
  });
  return { a: a.join(''), aaaa: aaaa.join(''), srv };
}

function pack({ a, aaaa, srv }: Data): string {
  const counts = [a.length / 4, aaaa.length / 16, srv.length];
  if (counts.some((count) => count > PACKED_MAX)) return CROWDED;
  const targets = srv.map(({ port, target }) => {
    return String.fromCharCode(port >> 8, port & 255, target.length) + target;
  });
  return String.fromCharCode(...counts) + a + aaaa + targets.join('');
}

function listed(bytes: string, size: number): AddressList {
  return { bytes: Buffer.from(bytes, 'latin1'), start: 0, count: bytes.length / size };
}

function unpackTargets(block: Buffer, start: number, total: number): ServiceTarget[] {
  const targets: ServiceTarget[] = [];
  let at = start;
  for (let index = 0; index < total; index += 1) {
    const targetStart = at + 3;
    at = targetStart + (block[at + 2] ?? 0);
    targets.push({
      port: ((block[targetStart - 3] ?? 0) << 8) | (block[targetStart - 2] ?? 0),
      target: block.toString('latin1', targetStart, at),
    });
  }
  return targets;
}
