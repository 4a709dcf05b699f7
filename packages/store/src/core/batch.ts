/** Decides what a batch does to the records: operations in order, each seeing those before it, all or nothing. */
import { assertNever } from '@stadion/base';
import type { JsonValue, StoreOperation } from '../store.ts';
import { assertKey } from './keys.ts';

/** How a record is to be after the batch. Version 0: it does not exist. */
export interface RecordChange<Encoded> {
  readonly version: number;
  readonly encoded: Encoded | undefined;
}

/** An operation that expected another version; the whole batch is refused. */
export interface VersionConflict {
  readonly key: string;
  readonly expectedVersion: number;
  readonly version: number;
}

/** What a batch is planned against. */
export interface BatchPorts<Encoded> {
  /** The record's version before the batch, 0 when it does not exist. */
  versionOf(key: string): number;
  /** The value as it is kept. May throw, which refuses the batch. */
  encode(key: string, value: JsonValue, version: number): Encoded;
}

/** Grows operation by operation, so that a large batch can be planned in several turns of the event loop. */
export class BatchPlan<Encoded> {
  /** The final state of every record that the batch touches; empty until something is added. */
  readonly changes = new Map<string, RecordChange<Encoded>>();
  private readonly ports: BatchPorts<Encoded>;

  constructor(ports: BatchPorts<Encoded>) {
    this.ports = ports;
  }

  /** Adds one operation; gives the conflict that refuses the whole batch, if there is one. */
  add(operation: StoreOperation): VersionConflict | undefined {
    const { key, expectedVersion } = operation;
    assertKey(key);
    const version = this.changes.get(key)?.version ?? this.ports.versionOf(key);
    if (expectedVersion !== undefined && expectedVersion !== version) return { key, expectedVersion, version };
    switch (operation.type) {
      case 'put': {
        const next = version + 1;
        this.changes.set(key, { version: next, encoded: this.ports.encode(key, operation.value, next) });
        return undefined;
      }
      case 'delete':
        this.changes.set(key, { version: 0, encoded: undefined });
        return undefined;
      default:
        return assertNever(operation, 'store operation');
    }
  }
}
