/**
 * All records of one zone by who brings them. Several may bring the same record; it goes when the last of them goes.
 * Tells which names have changed since it was last asked.
 */
import type { DnsRecord } from './records.ts';

/** Everything that one name has now. Empty lists: the name is gone. */
export interface NameChange {
  readonly name: string;
  readonly addresses: readonly string[];
  /** `target:port`. */
  readonly targets: readonly string[];
}

const NOTHING: readonly DnsRecord[] = [];
/** Names in one piece of changes. */
const PIECE_MAX = 1000;

/** The values of one name with how many bring each; alone and brought once, as most are, a value stands for itself. */
type Values = string | Map<string, number>;

/** The book. */
export class RecordBook {
  private readonly owners = new Map<string, readonly DnsRecord[]>();
  private readonly addresses = new Map<string, Values>();
  private readonly targets = new Map<string, Values>();
  private readonly changed = new Set<string>();

  /** How many names have records. */
  get size(): number {
    let size = this.addresses.size;
    for (const name of this.targets.keys()) if (!this.addresses.has(name)) size += 1;
    return size;
  }

  /** Everybody who brings records. */
  ownerIds(): Iterable<string> {
    return this.owners.keys();
  }

  recordsOf(owner: string): readonly DnsRecord[] {
    return this.owners.get(owner) ?? NOTHING;
  }

  /** Replaces what one brings. Nothing changes when it is the same as before. */
  set(owner: string, records: readonly DnsRecord[]): void {
    const before = this.recordsOf(owner);
    if (isSame(before, records)) return;
    // First the new ones, so that what stays is never gone.
    for (const record of records) this.count(record, 1);
    for (const record of before) this.count(record, -1);
    if (records.length === 0) this.owners.delete(owner);
    else this.owners.set(owner, records);
  }

  /** What changed since the last call, in pieces: after a first snapshot that is every name. */
  *takeChanges(): Generator<readonly NameChange[]> {
    const names = [...this.changed];
    this.changed.clear();
    for (let start = 0; start < names.length; start += PIECE_MAX) {
      yield names.slice(start, start + PIECE_MAX).map((name) => this.stateOf(name));
    }
  }

  /** Every name with what it has, for whoever starts from nothing. */
  *all(): Generator<NameChange> {
    for (const name of this.addresses.keys()) yield this.stateOf(name);
    for (const name of this.targets.keys()) if (!this.addresses.has(name)) yield this.stateOf(name);
  }

  private stateOf(name: string): NameChange {
    return { name, addresses: listOf(this.addresses.get(name)), targets: listOf(this.targets.get(name)) };
  }

  private count({ name, type, value }: DnsRecord, step: 1 | -1): void {
    const all = type === 'SRV' ? this.targets : this.addresses;
    const values = all.get(name);
    if (values === undefined && step === 1) {
      all.set(name, value);
      this.changed.add(name);
      return;
    }
    const counts = typeof values === 'object' ? values : new Map(values === undefined ? [] : [[values, 1]]);
    const before = counts.get(value) ?? 0;
    const after = before + step;
    if (after === 0) counts.delete(value);
    else counts.set(value, after);
    if (before === 0 || after === 0) this.changed.add(name);
    if (counts.size === 0) all.delete(name);
    else if (counts !== values) all.set(name, counts);
  }
}

function listOf(values: Values | undefined): string[] {
  if (values === undefined) return [];
  return typeof values === 'string' ? [values] : [...values.keys()];
}

function isSame(one: readonly DnsRecord[], other: readonly DnsRecord[]): boolean {
  return (
    one.length === other.length &&
    one.every((record, index) => {
      const same = other[index];
      return record.name === same?.name && record.type === same.type && record.value === same.value;
    })
  );
}
