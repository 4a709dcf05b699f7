/** Checkpoints in memory. The object is the disk: hand the same one to the next agent to simulate a restart. */
import { PlatformError } from '@stadion/base';
import type { Checkpoints, LoadedCheckpoint } from '../../ports/checkpoints.ts';

const DONE: Promise<void> = Promise.resolve();

/** Keeps references: values are not changed after they were saved (the port's rule), so no copy is needed. */
export class MemoryCheckpoints implements Checkpoints {
  private readonly records = new Map<string, object>();
  private isOpen = false;
  private failure: string | undefined;

  async open(): Promise<void> {
    if (this.isOpen) throw new PlatformError('agent-work-dir-locked', 'Another agent uses these checkpoints.');
    this.isOpen = true;
  }

  async load(): Promise<readonly LoadedCheckpoint[]> {
    return [...this.records].map(([key, value]) => ({ key, value }));
  }

  save(key: string, value: object): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(new PlatformError('agent-checkpoint-failed', this.failure));
    this.records.set(key, value);
    return DONE;
  }

  remove(key: string): Promise<void> {
    this.records.delete(key);
    return DONE;
  }

  async close(): Promise<void> {
    this.isOpen = false;
  }

  /** Every save fails from now on with this sentence, or works again. */
  fail(message: string | undefined): void {
    this.failure = message;
  }

  /** Puts any value under a key, to test damaged records. */
  put(key: string, value: object): void {
    this.records.set(key, value);
  }
}
