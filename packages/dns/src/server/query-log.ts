/** The last queries, for whoever wants to see what is asked. Written at every query: kept as they come, made readable when read. */
import type { DnsQueries } from '@stadion/contract/dns';
import { codeName, typeName } from '../wire/code-names.ts';
import { nameOfKey } from '../wire/name-key.ts';

/** How a query came. */
export type Transport = 'udp' | 'tcp' | 'tls' | 'http';

/** One query as it is kept. */
export interface QueryRecord {
  readonly at: number;
  readonly client: string;
  readonly transport: Transport;
  readonly key: string;
  readonly type: number;
  readonly code: number;
  readonly records: number;
}

/** A ring. */
export class QueryLog {
  private readonly ring: (QueryRecord | undefined)[];
  private next = 0;

  constructor(size: number) {
    this.ring = Array.from({ length: size }, () => undefined);
  }

  add(record: QueryRecord): void {
    this.ring[this.next] = record;
    this.next = this.next + 1 === this.ring.length ? 0 : this.next + 1;
  }

  /** What was asked, oldest first. */
  all(): QueryRecord[] {
    const ordered = [...this.ring.slice(this.next), ...this.ring.slice(0, this.next)];
    return ordered.filter((record) => record !== undefined);
  }
}

/** Makes a record readable. */
export function viewOf(record: QueryRecord): DnsQueries['queries'][number] {
  return {
    time: new Date(record.at).toISOString(),
    client: record.client,
    transport: record.transport,
    name: nameOfKey(record.key),
    type: typeName(record.type),
    code: codeName(record.code),
    records: record.records,
  };
}
