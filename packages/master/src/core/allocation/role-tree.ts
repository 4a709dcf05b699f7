/**
 * Who holds how much: roles as a tree (`eng/dev` below `eng`), frameworks below their roles, and the order in which
 * they are served: weighted Dominant Resource Fairness, level by level (Ghodsi et al., NSDI '11).
 */
import { assert } from '@stadion/base';
import { SCALAR_NAMES, type Scalars } from '../resources/amounts.ts';
import type { RoleQuota } from '../settings/quota.ts';

type Amounts = { -readonly [Name in keyof Scalars]: Scalars[Name] };

/** What one framework holds in one role, offered or charged. */
export class FrameworkShare {
  readonly frameworkId: string;
  readonly role: RoleNode;
  readonly allocated: Amounts = none();
  /** How many allocations it was given; breaks ties. */
  allocations = 0;
  /** Counts the REVIVE calls and subscriptions; refusals of an earlier count are void. */
  revival = 0;
  /** True while it wants offers: connected, in this role, not suppressed. */
  active = false;
  /** True while the framework asked for no offers in this role (SUPPRESS). */
  suppressed = false;
  /** True while the framework is subscribed in this role, suppressed or not. */
  subscribed = false;

  constructor(frameworkId: string, role: RoleNode) {
    this.frameworkId = frameworkId;
    this.role = role;
  }
}

/** One role. What its frameworks hold counts for it and for every role above. */
export class RoleNode {
  /** Full name. */
  readonly name: string;
  readonly parent: RoleNode | undefined;
  weight: number;
  quota: RoleQuota | undefined;
  readonly children = new Map<string, RoleNode>();
  readonly frameworks = new Map<string, FrameworkShare>();
  readonly allocated: Amounts = none();
  /** What the frameworks of exactly this role hold. */
  readonly own: Amounts = none();
  allocations = 0;
  /** Active shares here and below; 0 lets a whole branch be skipped. */
  activeShares = 0;

  constructor(name: string, parent: RoleNode | undefined, weight: number, quota: RoleQuota | undefined) {
    this.name = name;
    this.parent = parent;
    this.weight = weight;
    this.quota = quota;
  }

  /** True while it has less of anything than it is guaranteed. */
  get isShort(): boolean {
    const { quota } = this;
    return quota !== undefined && SCALAR_NAMES.some((name) => this.allocated[name] < (quota.guarantees[name] ?? 0));
  }
}

/** The tree and the size of the cluster that shares are measured against. */
export class RoleTree {
  readonly total: Amounts = none();
  private readonly root = new RoleNode('', undefined, 1, undefined);
  private weights: ReadonlyMap<string, number>;
  private quotas: ReadonlyMap<string, RoleQuota> = new Map();

  /** @param weights by full role name; 1 when absent */
  constructor(weights: ReadonlyMap<string, number>) {
    this.weights = weights;
  }

  /** Other weights and quotas hold from now on. */
  configure(weights: ReadonlyMap<string, number>, quotas: ReadonlyMap<string, RoleQuota>): void {
    this.weights = weights;
    this.quotas = quotas;
    for (const role of this.roles()) {
      role.weight = weights.get(role.name) ?? 1;
      role.quota = quotas.get(role.name);
    }
  }

  /** True while anything is bound at all. */
  get hasQuotas(): boolean {
    return this.quotas.size > 0;
  }

  /** How many (framework, role) pairs want offers. */
  get activeShares(): number {
    return this.root.activeShares;
  }

  /** The cluster grew (`sign` 1) or shrank (-1). */
  resize(amount: Scalars, sign: 1 | -1): void {
    accumulate(this.total, amount, sign);
  }

  /** The share of a framework in a role, made when there is none. */
  share(frameworkId: string, roleName: string): FrameworkShare {
    const role = this.node(roleName);
    let share = role.frameworks.get(frameworkId);
    if (share === undefined) {
      share = new FrameworkShare(frameworkId, role);
      role.frameworks.set(frameworkId, share);
    }
    return share;
  }

  /** Says whether a share wants offers. */
  setActive(share: FrameworkShare, active: boolean): void {
    if (share.active === active) return;
    share.active = active;
    for (let node: RoleNode | undefined = share.role; node !== undefined; node = node.parent) {
      node.activeShares += active ? 1 : -1;
    }
  }

  /** Something was offered to a share. */
  allocate(share: FrameworkShare, amount: Scalars): void {
    share.allocations += 1;
    this.charge(share, amount, 1);
    for (let node: RoleNode | undefined = share.role; node !== undefined; node = node.parent) node.allocations += 1;
  }

  /** A share holds more (`sign` 1) or less (-1). */
  charge(share: FrameworkShare, amount: Scalars, sign: 1 | -1): void {
    accumulate(share.allocated, amount, sign);
    accumulate(share.role.own, amount, sign);
    for (let node: RoleNode | undefined = share.role; node !== undefined; node = node.parent) {
      accumulate(node.allocated, amount, sign);
    }
  }

  /** Forgets an inactive share that holds nothing, and roles that nobody is in any more. False: it holds something. */
  drop(share: FrameworkShare): boolean {
    assert(!share.active, 'a share is dropped that still wants offers');
    if (!holdsNothing(share.allocated)) return false;
    share.role.frameworks.delete(share.frameworkId);
    let node = share.role;
    while (node.parent !== undefined && node.frameworks.size === 0 && node.children.size === 0) {
      node.parent.children.delete(node.name);
      node = node.parent;
    }
    return true;
  }

  /** Every role, parents before children. */
  *roles(): Generator<RoleNode> {
    const pending = [...this.root.children.values()];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      yield node;
      pending.push(...node.children.values());
    }
  }

  /** The largest part of any one resource of the cluster that this is, divided by the weight. */
  dominantShare(allocated: Scalars, weight: number): number {
    let dominant = 0;
    for (const name of SCALAR_NAMES) {
      const whole = this.total[name];
      if (whole > 0) dominant = Math.max(dominant, allocated[name] / whole);
    }
    return dominant / weight;
  }

  /** The shares that want offers, the one that is served least first. */
  *inOrder(): Generator<FrameworkShare> {
    yield* this.below(this.root);
  }

  private *below(node: RoleNode): Generator<FrameworkShare> {
    const branches: Branch[] = [];
    for (const child of node.children.values()) {
      if (child.activeShares === 0) continue;
      const share = this.dominantShare(child.allocated, child.weight);
      branches.push({
        isShort: child.isShort,
        share,
        allocations: child.allocations,
        name: child.name,
        frameworks: [],
        node: child,
      });
    }
    const leaf = this.activeFrameworks(node);
    if (leaf.length > 0) {
      // Frameworks of the role itself compete with its child roles as one group of weight 1, as in Mesos.
      branches.push({
        isShort: false,
        share: this.dominantShare(node.own, 1),
        allocations: node.allocations,
        name: '.',
        frameworks: leaf,
        node: undefined,
      });
    }
    for (const branch of branches.length > 1 ? branches.sort(byShare) : branches) {
      if (branch.node !== undefined) yield* this.below(branch.node);
      else yield* branch.frameworks;
    }
  }

  private activeFrameworks(node: RoleNode): FrameworkShare[] {
    const active: FrameworkShare[] = [];
    for (const share of node.frameworks.values()) if (share.active) active.push(share);
    if (active.length < 2) return active;
    return active
      .map((share) => ({
        isShort: false,
        share: this.dominantShare(share.allocated, 1),
        allocations: share.allocations,
        name: share.frameworkId,
        item: share,
      }))
      .sort(byShare)
      .map(({ item }) => item);
  }

  private node(name: string): RoleNode {
    let node = this.root;
    for (let end = name.indexOf('/'); ; end = name.indexOf('/', end + 1)) {
      const path = end === -1 ? name : name.slice(0, end);
      let child = node.children.get(path);
      if (child === undefined) {
        child = new RoleNode(path, node, this.weights.get(path) ?? 1, this.quotas.get(path));
        node.children.set(path, child);
      }
      node = child;
      if (end === -1) return node;
    }
  }
}

interface Ranked {
  /** Guaranteed more than it has: goes first. */
  readonly isShort: boolean;
  readonly share: number;
  readonly allocations: number;
  readonly name: string;
}

interface Branch extends Ranked {
  readonly frameworks: readonly FrameworkShare[];
  readonly node: RoleNode | undefined;
}

function byShare(left: Ranked, right: Ranked): number {
  if (left.isShort !== right.isShort) return left.isShort ? -1 : 1;
  if (left.share !== right.share) return left.share - right.share;
  if (left.allocations !== right.allocations) return left.allocations - right.allocations;
  return left.name < right.name ? -1 : 1;
}

function accumulate(sum: Amounts, amount: Scalars, sign: 1 | -1): void {
  for (const name of SCALAR_NAMES) {
    sum[name] += sign * amount[name];
    assert(sum[name] >= 0, 'a share gives back more than it holds');
  }
}

function holdsNothing(amounts: Scalars): boolean {
  return SCALAR_NAMES.every((name) => amounts[name] === 0);
}

function none(): Amounts {
  return { cpus: 0, gpus: 0, mem: 0, disk: 0 };
}
