/** The last queries, for whoever wants to see what is asked. Written at every query: kept as they come, made readable when read. */
import { Buffer } from 'node:buffer';
import type { DnsQueries } from '@stadion/contract/dns';
import { codeName, typeName } from '../wire/code-names.ts';
import { HEADER_BYTES, type Query } from '../wire/message.ts';
import { nameOfKey } from '../wire/name-key.ts';
import type { Client } from './client.ts';

/** One query as it is told of. */
export interface QueryRecord {
  readonly at: number;
  readonly client: string;
  readonly transport: Client['transport'];
  readonly key: string;
  readonly type: number;
  readonly code: number;
  readonly records: number;
}

/** The most bytes that a name has in a packet. */
const NAME_BYTES_MAX = 255;

/** A ring in flat memory: what is written at every query is nothing that a garbage collection has to carry along. */
export class QueryLog {
  private readonly size: number;
  private readonly names: Buffer;
  private readonly lengths: Uint8Array;
  private readonly times: Float64Array;
  /** Type, code and number of records of each. */
  private readonly numbers: Uint16Array;
  private readonly clients: Client[] = [];
  private next = 0;

  constructor(size: number) {
    this.size = size;
    this.names = Buffer.alloc(size * NAME_BYTES_MAX);
    this.lengths = new Uint8Array(size);
    this.times = new Float64Array(size);
    this.numbers = new Uint16Array(size * 3);
  }

  /** @param packet what the query was read from */
  add(query: Query, packet: Buffer, client: Client, at: number, code: number, records: number): void {
    const { next } = this;
    const length = Math.min(query.nameEnd - HEADER_BYTES, NAME_BYTES_MAX);
    packet.copy(this.names, next * NAME_BYTES_MAX, HEADER_BYTES, HEADER_BYTES + length);
    this.lengths[next] = length;
    this.times[next] = at;
    this.numbers[next * 3] = query.type;
    this.numbers[next * 3 + 1] = code;
    this.numbers[next * 3 + 2] = records;
    this.clients[next] = client;
    this.next = next + 1 === this.size ? 0 : next + 1;
  }

  /** What was asked, oldest first. */
  all(): QueryRecord[] {
    const order = Array.from({ length: this.size }, (_, index) => (this.next + index) % this.size);
    return order.flatMap((index): QueryRecord[] => {
      const client = this.clients[index];
      return client === undefined ? [] : [this.record(index, client)];
    });
  }

  private record(index: number, { address, transport }: Client): QueryRecord {
    const start = index * NAME_BYTES_MAX;
    return {
      at: this.times[index] ?? 0,
      client: address,
      transport,
      key: this.names.toString('latin1', start, start + (this.lengths[index] ?? 0)).toLowerCase(),
      type: this.numbers[index * 3] ?? 0,
      code: this.numbers[index * 3 + 1] ?? 0,
      records: this.numbers[index * 3 + 2] ?? 0,
    };
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
