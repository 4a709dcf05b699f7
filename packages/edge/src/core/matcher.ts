/**
 * Finds the router of a request. Routers that name exact hosts wait in buckets by host, so a request looks at those of its
 * host and at the few that take any. A change replaces whole buckets; a bucket itself never changes.
 */
import type { Predicate, RequestView } from './rule/evaluate.ts';

/** A router that can be found. */
export interface Routable {
  readonly name: string;
  readonly priority: number;
  readonly matches: Predicate;
  /** The exact hosts it is for; undefined: any. */
  readonly hosts: readonly string[] | undefined;
  readonly entryPoints: readonly string[];
}

/** Longer rules and higher priorities first; equal ones by name, so that every process decides alike. */
function compare(one: Routable, other: Routable): number {
  return other.priority - one.priority || (one.name < other.name ? -1 : one.name > other.name ? 1 : 0);
}

/** The routers of one kind (HTTP, or TCP). */
export class RouterIndex<Entry extends Routable> {
  private readonly buckets = new Map<string, readonly Entry[]>();
  private anywhere: readonly Entry[] = [];
  private count = 0;

  /** How many routers there are. */
  get size(): number {
    return this.count;
  }

  /** Takes routers out and in. Only the buckets that they are in are built anew. */
  change(removed: readonly Entry[], added: readonly Entry[]): void {
    const touched = new Set<string | undefined>();
    for (const entry of [...removed, ...added]) {
      if (entry.hosts === undefined) touched.add(undefined);
      else for (const host of entry.hosts) touched.add(host);
    }
    const gone = new Set(removed);
    for (const host of touched) {
      const before = host === undefined ? this.anywhere : (this.buckets.get(host) ?? []);
      const kept = gone.size === 0 ? before : before.filter((entry) => !gone.has(entry));
      const new_ = added.filter((entry) =>
        host === undefined ? entry.hosts === undefined : entry.hosts?.includes(host) === true,
      );
      const after = [...kept, ...new_].sort(compare);
      if (host === undefined) this.anywhere = after;
      else if (after.length === 0) this.buckets.delete(host);
      else this.buckets.set(host, after);
    }
    this.count += added.length - removed.length;
  }

  /**
   * The first router that takes a request at an entry point: by priority, over those of its host and of any host.
   * @param entryPoint where the request came in
   */
  find(request: RequestView, entryPoint: string): Entry | undefined {
    const own = firstMatch(this.buckets.get(request.host), request, entryPoint);
    if (this.anywhere.length === 0) return own;
    const other = firstMatch(this.anywhere, request, entryPoint);
    if (own === undefined || other === undefined) return own ?? other;
    return compare(own, other) <= 0 ? own : other;
  }

  /** Whether any router names this host. */
  knowsHost(host: string): boolean {
    return this.buckets.has(host);
  }
}

function firstMatch<Entry extends Routable>(
  entries: readonly Entry[] | undefined,
  request: RequestView,
  entryPoint: string,
): Entry | undefined {
  if (entries === undefined) return undefined;
  for (const entry of entries) {
    if (entry.entryPoints.includes(entryPoint) && entry.matches(request)) return entry;
  }
  return undefined;
}
