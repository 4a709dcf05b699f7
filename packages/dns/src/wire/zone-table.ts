/**
 * What queries are answered from: every name of every zone with its data in wire form, changed name by name. A name
 * that only has names below it is there too, without data: asking for it is no error (RFC 8020).
 */
import { parseAddress } from '../core/ip-address.ts';
import type { NameChange } from '../core/record-book.ts';
import { isAtOrBelow, keyOfName, parentKey } from './name-key.ts';

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

/** One name. */
export interface NameEntry {
  readonly zone: Zone;
  /** Four bytes per IPv4 address, as a latin1 string: that is a fifth of what a buffer of so few bytes takes. */
  a: string;
  /** Sixteen bytes per IPv6 address. */
  aaaa: string;
  srv: readonly ServiceTarget[];
  /** How many names are directly below. */
  children: number;
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

/** All names. */
export class ZoneTable {
  private readonly entries = new Map<string, NameEntry>();
  private readonly zones: Zone[];

  constructor(settings: readonly ZoneSettings[]) {
    // The longest domain first: a zone below another is its own.
    this.zones = settings.map((one) => new Zone(one)).sort((one, other) => other.apex.length - one.apex.length);
    for (const zone of this.zones) this.entries.set(zone.apex, blankEntry(zone));
  }

  /** How many names there are, those without data included. */
  get size(): number {
    return this.entries.size;
  }

  find(key: string): NameEntry | undefined {
    return this.entries.get(key);
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
    const zone = this.zones.find(({ settings }) => settings.domain === domain);
    if (zone === undefined) return [];
    const refused: string[] = [];
    for (const change of changes) {
      const key = keyOfName(change.name);
      if (key === undefined || !isAtOrBelow(key, zone.apex)) {
        refused.push(change.name);
        continue;
      }
      const isEmpty = change.addresses.length === 0 && change.targets.length === 0;
      if (isEmpty) this.clear(key);
      else this.set(key, zone, change, refused);
    }
    if (changes.length > 0 || zone.serial === 0) zone.serial = serial;
    return refused;
  }

  private set(key: string, zone: Zone, change: NameChange, refused: string[]): void {
    const entry = this.entries.get(key) ?? this.add(key, zone);
    const a: string[] = [];
    const aaaa: string[] = [];
    for (const text of change.addresses) {
      const bytes = parseAddress(text) ?? [];
      (bytes.length === 4 ? a : aaaa).push(String.fromCharCode(...bytes));
    }
    entry.a = a.join('');
    entry.aaaa = aaaa.join('');
    entry.srv = change.targets.length === 0 ? NO_TARGETS : this.targets(change.targets, refused);
  }

  private targets(texts: readonly string[], refused: string[]): ServiceTarget[] {
    return texts.flatMap((text) => {
      const colon = text.lastIndexOf(':');
      const key = keyOfName(text.slice(0, colon));
      if (key === undefined) {
        refused.push(text);
        return [];
      }
      return [{ port: Number(text.slice(colon + 1)), target: key }];
    });
  }

  private add(key: string, zone: Zone): NameEntry {
    const entry = blankEntry(zone);
    this.entries.set(key, entry);
    const parent = parentKey(key);
    if (parent !== undefined && key !== zone.apex) (this.entries.get(parent) ?? this.add(parent, zone)).children += 1;
    return entry;
  }

  private clear(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    entry.a = '';
    entry.aaaa = '';
    entry.srv = NO_TARGETS;
    this.prune(key, entry);
  }

  /** A name goes when it has neither data nor names below it; perhaps its parent goes with it. */
  private prune(key: string, entry: NameEntry): void {
    const isNeeded = entry.a.length > 0 || entry.aaaa.length > 0 || entry.srv.length > 0 || entry.children > 0;
    if (isNeeded || key === entry.zone.apex) return;
    this.entries.delete(key);
    const parent = parentKey(key);
    const above = parent === undefined ? undefined : this.entries.get(parent);
    if (parent === undefined || above === undefined) return;
    above.children -= 1;
    this.prune(parent, above);
  }
}

function blankEntry(zone: Zone): NameEntry {
  return { zone, a: '', aaaa: '', srv: NO_TARGETS, children: 0 };
}
