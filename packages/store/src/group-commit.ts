/** Turns many small changes into few commits: whatever is submitted while one is under way goes into the next. */
import { PlatformError, assert, errorCode, type TimerHandle, type Timers } from '@stadion/base';
import { groupBusy, storeClosed } from './errors.ts';
import { GROUP_OPERATIONS_MAX, GROUP_PENDING_OPERATIONS_MAX } from './limits.ts';
import type { Store, StoreOperation } from './store.ts';

/** One leader's way to the store. */
export interface GroupCommitOptions {
  readonly store: Store;
  /** The epoch under which everything is committed. */
  readonly epoch: number;
  readonly timers: Timers;
  /** Told once of the commit that failed and ended it: the leader must stop acting. */
  readonly onFailure?: (error: unknown) => void;
  /** Operations of one commit, unless a single submit is larger. */
  readonly operationsPerCommit?: number;
}

interface Submit {
  readonly operations: readonly StoreOperation[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Commits submits in order, many at a time. The operations of one submit stay together: they are applied all or not at
 * all. Where several change one record, the last wins. Expected versions have no place here: the submitter is the leader
 * and knows what the records are.
 */
export class GroupCommit {
  private readonly options: GroupCommitOptions;
  private readonly operationsPerCommit: number;
  private queue: Submit[] = [];
  private head = 0;
  private scheduled: TimerHandle | undefined;
  private running: Promise<void> | undefined;
  private refusal: Error | undefined;
  private hasFailed = false;
  private pendingOperations = 0;

  constructor(options: GroupCommitOptions) {
    this.options = options;
    this.operationsPerCommit = options.operationsPerCommit ?? GROUP_OPERATIONS_MAX;
  }

  /** Operations that are not yet durable. */
  get pending(): number {
    return this.pendingOperations;
  }

  /**
   * Resolves once all of the operations are on disk; submits resolve in the order in which they were made.
   * @throws PlatformError whatever the store's commit gives. `store-value-too-large`, `store-batch-too-large` and
   *   `store-busy` concern this submit alone; anything else ends this object, and every later submit gets it too
   */
  submit(operations: readonly StoreOperation[]): Promise<void> {
    if (this.refusal !== undefined) return Promise.reject(this.refusal);
    for (const operation of operations) {
      assert(operation.expectedVersion === undefined, 'group commit takes no expected versions');
    }
    if (this.pendingOperations + operations.length > GROUP_PENDING_OPERATIONS_MAX) {
      return Promise.reject(groupBusy(this.pendingOperations));
    }
    this.pendingOperations += operations.length;
    return new Promise((resolve, reject) => {
      this.queue.push({ operations, resolve, reject });
      this.schedule();
    });
  }

  /** Waits for what was submitted, and takes nothing more. The store stays open. */
  async close(): Promise<void> {
    if (this.running === undefined && this.head < this.queue.length) this.start();
    const { running } = this;
    this.refusal ??= storeClosed();
    await running;
  }

  /** The first commit waits for the end of the turn, so that the whole turn goes into it. */
  private schedule(): void {
    if (this.running !== undefined || this.scheduled !== undefined) return;
    this.scheduled = this.options.timers.after(0, () => {
      this.start();
    });
  }

  private start(): void {
    this.scheduled?.cancel();
    this.scheduled = undefined;
    this.running ??= this.run().finally(() => {
      this.running = undefined;
    });
  }

  /** Never rejects: every failure belongs to a submit. */
  private async run(): Promise<void> {
    while (this.head < this.queue.length) {
      const group = this.takeGroup();
      try {
        await this.options.store.commit(merge(group), this.options.epoch);
        this.settle(group, undefined);
      } catch (error) {
        if (isAboutOneSubmit(error) && group.length > 1) await this.commitOneByOne(group);
        else this.settle(group, { error });
      }
    }
  }

  private takeGroup(): Submit[] {
    const group: Submit[] = [];
    let operations = 0;
    for (let next = this.queue[this.head]; next !== undefined; next = this.queue[this.head]) {
      if (group.length > 0 && operations + next.operations.length > this.operationsPerCommit) break;
      operations += next.operations.length;
      group.push(next);
      this.head += 1;
    }
    if (this.head === this.queue.length || this.head > 4096) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
    return group;
  }

  /** One bad submit spoils only itself. */
  private async commitOneByOne(group: readonly Submit[]): Promise<void> {
    for (const submit of group) {
      if (this.hasFailed) {
        this.settle([submit], { error: this.refusal });
        continue;
      }
      try {
        await this.options.store.commit(merge([submit]), this.options.epoch);
        this.settle([submit], undefined);
      } catch (error) {
        this.settle([submit], { error });
      }
    }
  }

  private settle(group: readonly Submit[], failure: { readonly error: unknown } | undefined): void {
    for (const submit of group) {
      this.pendingOperations -= submit.operations.length;
      if (failure === undefined) submit.resolve();
      else submit.reject(failure.error);
    }
    if (failure !== undefined && !isAboutOneSubmit(failure.error)) this.fail(failure.error);
  }

  private fail(error: unknown): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.refusal = asError(error);
    const waiting = this.queue.slice(this.head);
    this.queue = [];
    this.head = 0;
    for (const submit of waiting) {
      this.pendingOperations -= submit.operations.length;
      submit.reject(error);
    }
    this.options.onFailure?.(error);
  }
}

function merge(group: readonly Submit[]): readonly StoreOperation[] {
  const merged = new Map<string, StoreOperation>();
  for (const { operations } of group) {
    for (const operation of operations) merged.set(operation.key, operation);
  }
  return [...merged.values()];
}

function isAboutOneSubmit(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'store-value-too-large' || code === 'store-batch-too-large';
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new PlatformError('store-failed', String(error));
}
