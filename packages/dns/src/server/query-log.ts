/** The last queries, for whoever wants to see what is asked. Written at every query: kept as they come, made readable when read. */
import { nameOfKey } from '../wire/name-key.ts';
import { codeName } from './counters.ts';

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

/** One query for people. */
export interface QueryView {
  readonly time: string;
  readonly client: string;
  readonly transport: Transport;
  readonly name: string;
  readonly type: string;
  readonly code: string;
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

const TYPE_NAMES: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
  64: 'SVCB',
  65: 'HTTPS',
  255: 'ANY',
};

/** The name of a type, or `TYPE123` (RFC 3597). */
export function typeName(type: number): string {
  return TYPE_NAMES[type] ?? `TYPE${String(type)}`;
}

/** Makes a record readable. */
export function viewOf(record: QueryRecord): QueryView {
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
