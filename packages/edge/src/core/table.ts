/**
 * The table of all routes, kept from the fragments of its sources. A change of one source touches what that source has,
 * never the rest: with 10,000 routes an instance that comes or goes costs the same as with ten.
 */
import type { Fragment, FragmentChange, MiddlewareStep, Router, Server, Service, ServicePolicy } from './model.ts';
import { limits } from '../limits.ts';

/** A service as the data plane runs it: of all sources together. */
export type PooledService =
  | {
      readonly kind: 'servers';
      readonly name: string;
      readonly policy: ServicePolicy;
      readonly servers: readonly Server[];
      readonly sources: readonly string[];
    }
  | Exclude<Service, { readonly kind: 'servers' }>;

/** What a change has touched. */
export interface TableChange {
  readonly removed: readonly Router[];
  readonly added: readonly Router[];
  /** Names of services that came, went or have other servers. */
  readonly services: readonly string[];
  /** Names of middlewares that came, went or are others. */
  readonly middlewares: readonly string[];
}

/** The table. */
export class RouteTable {
  private readonly fragments = new Map<string, Fragment>();
  /** Which sources contribute to a service of a name. */
  private readonly serviceSources = new Map<string, Set<string>>();
  private readonly middlewareSources = new Map<string, Set<string>>();

  /** Takes over a change. */
  apply({ source, fragment }: FragmentChange): TableChange {
    const before = this.fragments.get(source);
    if (fragment === undefined) this.fragments.delete(source);
    else this.fragments.set(source, fragment);
    const { gone, came } = difference(before?.routers ?? [], fragment?.routers ?? []);
    for (const { name } of before?.services ?? []) remove(this.serviceSources, name, source);
    for (const { name } of fragment?.services ?? []) add(this.serviceSources, name, source);
    for (const { name } of before?.middlewares ?? []) remove(this.middlewareSources, name, source);
    for (const { name } of fragment?.middlewares ?? []) add(this.middlewareSources, name, source);
    return {
      removed: gone,
      added: came,
      services: changedNames(before?.services ?? [], fragment?.services ?? []),
      middlewares: changedNames(before?.middlewares ?? [], fragment?.middlewares ?? []),
    };
  }

  /** All fragments, in the order of their sources. */
  sources(): readonly Fragment[] {
    return [...this.fragments.values()].sort((one, other) => (one.source < other.source ? -1 : 1));
  }

  fragment(source: string): Fragment | undefined {
    return this.fragments.get(source);
  }

  /** A service with the servers of all its sources; the policy is that of the first source by name. */
  service(name: string): PooledService | undefined {
    const sources = [...(this.serviceSources.get(name) ?? [])].sort();
    const parts = sources.flatMap((source) => {
      const service = this.fragments.get(source)?.services.find((one) => one.name === name);
      return service === undefined ? [] : [service];
    });
    const [first] = parts;
    if (first?.kind !== 'servers') return first;
    const same = parts.flatMap((part) => (part.kind === 'servers' ? [part] : []));
    return { kind: 'servers', name, policy: first.policy, servers: poolServers(same), sources };
  }

  /** A middleware's step: that of the router's own source before one of the same name elsewhere. */
  middleware(name: string, source: string): MiddlewareStep | undefined {
    const sources = this.middlewareSources.get(name);
    if (sources === undefined) return undefined;
    const owner = sources.has(source) ? source : [...sources].sort()[0];
    return owner === undefined
      ? undefined
      : this.fragments.get(owner)?.middlewares.find((one) => one.name === name)?.step;
  }

  /**
   * The steps of a router in order, chains unfolded, each with the name of its middleware.
   * @returns the name of a middleware that is missing, where one is
   */
  stepsOf(router: Router): { readonly steps: readonly NamedStep[] } | { readonly missing: string } {
    const steps: NamedStep[] = [];
    const queue = [...router.middlewares];
    let unfolded = 0;
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      unfolded += 1;
      // A chain that contains itself never ends.
      if (unfolded > limits.middlewaresPerRouter) return { missing: `${name} (a chain without end)` };
      const step = this.middleware(name, router.source);
      if (step === undefined) return { missing: name };
      if (step.kind === 'chain') queue.unshift(...step.middlewares);
      else steps.push({ name, step });
    }
    return { steps };
  }
}

/** A step with the name under which its state is kept. */
export interface NamedStep {
  readonly name: string;
  readonly step: MiddlewareStep;
}

/** What identifies a router among those of all sources. */
export function routerKey(router: Router): string {
  return `${router.name}@${router.source}`;
}

function difference(
  before: readonly Router[],
  after: readonly Router[],
): { readonly gone: readonly Router[]; readonly came: readonly Router[] } {
  const texts = new Map(before.map((router) => [JSON.stringify(router), router]));
  const came: Router[] = [];
  for (const router of after) {
    const text = JSON.stringify(router);
    if (!texts.delete(text)) came.push(router);
  }
  return { gone: [...texts.values()], came };
}

function changedNames(
  before: readonly { readonly name: string }[],
  after: readonly { readonly name: string }[],
): readonly string[] {
  const texts = new Map(before.map((item) => [item.name, JSON.stringify(item)]));
  const changed = new Set<string>();
  for (const item of after) {
    if (texts.get(item.name) !== JSON.stringify(item)) changed.add(item.name);
    texts.delete(item.name);
  }
  for (const name of texts.keys()) changed.add(name);
  return [...changed];
}

/** The servers of several sources under one name. Where a source has a share, it is that of all its servers together. */
function poolServers(parts: readonly (Service & { readonly kind: 'servers' })[]): readonly Server[] {
  const hasShares = parts.some(({ share }) => share !== undefined);
  const servers = new Map<string, Server>();
  for (const part of parts) {
    const total = part.servers.reduce((sum, { weight, isDraining }) => sum + (isDraining === true ? 0 : weight), 0);
    for (const server of part.servers) {
      const weight = hasShares ? shared(part.share ?? 1, server.weight, total) : server.weight;
      // The same address twice is one server; what is leaving gives way to what comes.
      const known = servers.get(server.id);
      if (known === undefined || known.isDraining === true) servers.set(server.id, { ...server, weight });
    }
  }
  return [...servers.values()];
}

const SHARE_SCALE = 1_000;

function shared(share: number, weight: number, total: number): number {
  return share === 0 || total === 0 ? 0 : Math.max(1, Math.round((share * SHARE_SCALE * weight) / total));
}

function add(index: Map<string, Set<string>>, name: string, source: string): void {
  const sources = index.get(name);
  if (sources === undefined) index.set(name, new Set([source]));
  else sources.add(source);
}

function remove(index: Map<string, Set<string>>, name: string, source: string): void {
  const sources = index.get(name);
  sources?.delete(source);
  if (sources?.size === 0) index.delete(name);
}
