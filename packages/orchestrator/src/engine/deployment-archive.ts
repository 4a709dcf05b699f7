/** Deployments that are over: so many are remembered, the newest first to be shown. */
import type { DeploymentRecord } from '@stadion/contract/orchestrator-extensions';
import { DEPLOYMENT_RECORDS_MAX } from '../core/deployment/limits.ts';
import type { Journal } from './journal.ts';
import { asJson, endedKey } from './records.ts';

/** One per engine. */
export class DeploymentArchive {
  /** In the order in which they ended. */
  private readonly records = new Map<string, DeploymentRecord>();
  private readonly journal: Journal;

  constructor(journal: Journal) {
    this.journal = journal;
  }

  add(record: DeploymentRecord): void {
    this.records.set(record.id, record);
    this.journal.put(keyOf(record), asJson(record));
    for (const [id, old] of this.records) {
      if (this.records.size <= DEPLOYMENT_RECORDS_MAX) return;
      this.records.delete(id);
      this.journal.remove(keyOf(old));
    }
  }

  /** Takes over a record from the store. They come in the order in which they ended. */
  load(record: DeploymentRecord): void {
    this.records.set(record.id, record);
  }

  get(id: string): DeploymentRecord | undefined {
    return this.records.get(id);
  }

  /** Newest first. */
  all(): readonly DeploymentRecord[] {
    return [...this.records.values()].reverse();
  }
}

function keyOf({ endedAt = '', id }: DeploymentRecord): string {
  return endedKey(endedAt, id);
}
