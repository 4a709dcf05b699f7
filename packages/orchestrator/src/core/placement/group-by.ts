/** GROUP_BY: keep the number of instances per value of a field even. Two rules, by whether the number of groups is given. */
import type { ConstraintState } from './constraint.ts';
import { MAX_NAMED_VALUES } from './limits.ts';

/**
 * @param groups how many groups the operator asked for; undefined or below 1: as many as turn up
 * @param instances the app's wanted instances
 */
export function groupBy(field: string, groups: number | undefined, instances: number): ConstraintState {
  return groups === undefined || groups < 1
    ? new SmallestGroupFirst(field)
    : new FixedQuotas(field, Math.floor(groups), instances);
}

/** Marathon up to 1.10, used without a number: a new value, or the value of a group that is the smallest now. */
class SmallestGroupFirst implements ConstraintState {
  readonly field: string;
  readonly name: string;
  readonly evens = true;
  private readonly counts = new Map<string, number>();
  /** How many groups have how many instances. */
  private readonly groupsBySize = new Map<number, number>();
  private smallest = 0;

  constructor(field: string) {
    this.field = field;
    this.name = `${field} GROUP_BY`;
  }

  accepts(value: string | undefined): boolean {
    if (value === undefined) return false;
    const count = this.counts.get(value);
    return count === undefined || count === this.smallest;
  }

  add(value: string | undefined): void {
    if (value === undefined) return;
    const before = this.counts.get(value) ?? 0;
    this.counts.set(value, before + 1);
    this.groupsBySize.set(before + 1, (this.groupsBySize.get(before + 1) ?? 0) + 1);
    if (before === 0) {
      this.smallest = 1;
      return;
    }
    const left = (this.groupsBySize.get(before) ?? 0) - 1;
    this.groupsBySize.set(before, left);
    if (before === this.smallest && left === 0) this.smallest = before + 1;
  }

  explain(values: string): string {
    const next = [...this.counts].filter(([, count]) => count === this.smallest).map(([value]) => value);
    const named = next.slice(0, MAX_NAMED_VALUES).join(', ') + (next.length > MAX_NAMED_VALUES ? ', …' : '');
    return `wants the next instance in ${named}, agents have ${values}`;
  }
}

/** Marathon 1.11, used with a number N: N groups, each floor(instances / N), the remainder spread one each. */
class FixedQuotas implements ConstraintState {
  readonly field: string;
  readonly name: string;
  readonly evens = true;
  private readonly groups: number;
  private readonly quota: number;
  private readonly remainder: number;
  private readonly counts = new Map<string, number>();
  private groupsAboveQuota = 0;

  constructor(field: string, groups: number, instances: number) {
    this.field = field;
    this.name = `${field} GROUP_BY ${groups}`;
    this.groups = groups;
    this.quota = Math.floor(instances / groups);
    this.remainder = instances % groups;
  }

  accepts(value: string | undefined): boolean {
    if (value === undefined) return false;
    const count = this.counts.get(value);
    if (count === undefined && this.counts.size >= this.groups) return false;
    if ((count ?? 0) < this.quota) return true;
    return (count ?? 0) === this.quota && this.groupsAboveQuota < this.remainder;
  }

  add(value: string | undefined): void {
    if (value === undefined) return;
    const before = this.counts.get(value) ?? 0;
    this.counts.set(value, before + 1);
    if (before === this.quota) this.groupsAboveQuota += 1;
  }

  explain(values: string): string {
    const share = this.remainder === 0 ? String(this.quota) : `${this.quota} or ${this.quota + 1}`;
    return `allows ${this.groups} groups of ${share}, agents have ${values}`;
  }
}
