/** Sandboxes that are only names. */
import { PlatformError } from '@stadion/base';
import type { SandboxId, Sandboxes } from '../../ports/sandboxes.ts';

const DONE: Promise<void> = Promise.resolve();

/** Keeps no record of sandboxes, so a hundred thousand cost nothing; removals are counted. */
export class MemorySandboxes implements Sandboxes {
  /** Set by tests: 0 to 1. */
  usedFraction = 0;
  /** Set by tests: sandboxes cannot be made any more, and why. */
  failure: string | undefined;
  removedCount = 0;

  directory(id: SandboxId): string {
    const run = `/sandboxes/slaves/${id.agentId}/frameworks/${id.frameworkId}/executors/${id.executorId}/runs/${id.containerId}`;
    return id.taskId === undefined ? run : `${run}/tasks/${id.taskId}`;
  }

  create(): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(new PlatformError('agent-sandbox-failed', this.failure));
    return DONE;
  }

  async createShared(id: SandboxId, path: string): Promise<string> {
    return `${this.directory(id)}/${path}`;
  }

  openPod(): Promise<void> {
    return DONE;
  }

  handOver(): Promise<void> {
    return DONE;
  }

  remove(): Promise<void> {
    this.removedCount += 1;
    return DONE;
  }

  async usedBytes(): Promise<number | undefined> {
    return 0;
  }

  async diskUsedFraction(): Promise<number> {
    return this.usedFraction;
  }

  async rotateLogs(): Promise<readonly string[]> {
    return [];
  }
}
