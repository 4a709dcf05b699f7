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

/** Records by value, with how many bring each. */
type Counts = Map<string, number>;

/** The book. */
export class RecordBook {
  private readonly owners = new Map<string, readonly DnsRecord[]>();
  private readonly names = new Map<string, { addresses: Counts | undefined; targets: Counts | undefined }>();
  private readonly changed = new Set<string>();

  /** How many names have records. */
  get size(): number {
    return this.names.size;
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

  /** What changed since the last call. */
  takeChanges(): NameChange[] {
    const changes = [...this.changed].map((name) => this.stateOf(name));
    this.changed.clear();
    return changes;
  }

  /** Every name with what it has, for whoever starts from nothing. */
  *all(): Generator<NameChange> {
    for (const name of this.names.keys()) yield this.stateOf(name);
  }

  private stateOf(name: string): NameChange {
    const entry = this.names.get(name);
    return { name, addresses: [...(entry?.addresses?.keys() ?? [])], targets: [...(entry?.targets?.keys() ?? [])] };
  }

  private count({ name, type, value }: DnsRecord, step: 1 | -1): void {
    let entry = this.names.get(name);
    if (entry === undefined) {
      entry = { addresses: undefined, targets: undefined };
      this.names.set(name, entry);
    }
    const kind = type === 'SRV' ? 'targets' : 'addresses';
    const counts = (entry[kind] ??= new Map<string, number>());
    const before = counts.get(value) ?? 0;
    const after = before + step;
    if (after === 0) counts.delete(value);
    else counts.set(value, after);
    if (before === 0 || after === 0) this.changed.add(name);
    if (counts.size === 0) entry[kind] = undefined;
    if (entry.addresses === undefined && entry.targets === undefined) this.names.delete(name);
  }
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
