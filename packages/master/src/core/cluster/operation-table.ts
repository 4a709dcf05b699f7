/** Operations whose end is not acknowledged yet, by framework and id, so that none keeps the others from having any. */
import { OPERATIONS_MAX, OPERATIONS_PER_FRAMEWORK_MAX } from '../../limits.ts';
import type { OperationRecord } from './records.ts';

/** One per master. */
export class OperationTable {
  private readonly byFramework = new Map<string, Map<string, OperationRecord>>();
  private size = 0;

  get(frameworkId: string, id: string): OperationRecord | undefined {
    return this.byFramework.get(frameworkId)?.get(id);
  }

  add(operation: OperationRecord): void {
    const own = this.byFramework.get(operation.frameworkId) ?? new Map<string, OperationRecord>();
    this.byFramework.set(operation.frameworkId, own);
    const before = own.size;
    own.set(operation.id, operation);
    this.size += own.size - before;
  }

  remove({ frameworkId, id }: Pick<OperationRecord, 'frameworkId' | 'id'>): void {
    const own = this.byFramework.get(frameworkId);
    if (own?.delete(id) !== true) return;
    this.size -= 1;
    if (own.size === 0) this.byFramework.delete(frameworkId);
  }

  /** Forgets all of a framework. */
  removeAll(frameworkId: string): void {
    this.size -= this.byFramework.get(frameworkId)?.size ?? 0;
    this.byFramework.delete(frameworkId);
  }

  /** Those of a framework. */
  of(frameworkId: string): Iterable<OperationRecord> {
    return this.byFramework.get(frameworkId)?.values() ?? [];
  }

  *values(): Iterable<OperationRecord> {
    for (const own of this.byFramework.values()) yield* own.values();
  }

  /** Why a framework may have no more of them, or nothing. @param beside how many more are about to be there */
  findProblem(frameworkId: string, beside: number): string | undefined {
    const own = (this.byFramework.get(frameworkId)?.size ?? 0) + beside;
    if (own >= OPERATIONS_PER_FRAMEWORK_MAX) {
      return `${String(own)} operations of this framework wait to be acknowledged, which is as many as are remembered`;
    }
    return this.size + beside < OPERATIONS_MAX
      ? undefined
      : `${String(OPERATIONS_MAX)} operations wait to be acknowledged, which is as many as are remembered`;
  }
}
