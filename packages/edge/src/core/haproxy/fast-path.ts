/**
 * The share of the route table that HAProxy carries by itself, kept up with every change: backends, and a map from host and
 * path to them. The map says nothing about requests that only the workers can judge; those go to the workers.
 */
import type { FragmentChange, Router } from '../model.ts';
import { RouteTable, routerKey } from '../table.ts';
import { carryingOf, coverOf, type Backend, type Carrying, type Cover } from './carrying.ts';

/** The entry points that HAProxy listens on. */
export type Front = 'http' | 'https';
export const FRONTS: readonly Front[] = ['http', 'https'];

/** What a change has touched. */
export interface Touched {
  readonly hosts: ReadonlySet<string>;
  /** Keys of routers. */
  readonly routers: ReadonlySet<string>;
}

interface Known {
  readonly router: Router;
  readonly cover: Cover;
  carrying: Carrying;
}

/** The share. */
export class FastPath {
  private readonly table = new RouteTable();
  private readonly known = new Map<string, Known>();
  private readonly byHost = new Map<string, Set<string>>();
  /** Routers for any host. */
  private readonly anywhere = new Set<string>();
  private readonly byService = new Map<string, Set<string>>();
  /** TCP routers by entry point. */
  private readonly tcp = new Map<string, Set<string>>();

  /** Takes over a change. */
  apply(change: FragmentChange): Touched {
    const { removed, added, services, middlewares } = this.table.apply(change);
    const hosts = new Set<string>();
    const routers = new Set<string>();
    for (const router of removed) this.forget(router, hosts, routers);
    for (const router of added) this.learn(router, hosts, routers);
    const again = new Set(services.flatMap((name) => [...(this.byService.get(name) ?? [])]));
    // A middleware that changes is rare, and may be in chains: all that use any are judged again.
    if (middlewares.length > 0) {
      for (const [key, { router }] of this.known) if (router.middlewares.length > 0) again.add(key);
    }
    for (const key of again) this.judge(key, hosts, routers);
    return { hosts, routers };
  }

  /** The backend of a router, where HAProxy carries it. */
  backend(key: string): Backend | undefined {
    const carrying = this.known.get(key)?.carrying;
    return carrying?.kind === 'haproxy' ? carrying.backend : undefined;
  }

  /** Who carries a router. */
  carrying(key: string): Carrying | undefined {
    return this.known.get(key)?.carrying;
  }

  /** All that HAProxy carries: backends by the keys of their routers. */
  backends(): ReadonlyMap<string, { readonly backend: Backend; readonly router: Router }> {
    const found = new Map<string, { readonly backend: Backend; readonly router: Router }>();
    for (const [key, { carrying, router }] of this.known) {
      if (carrying.kind === 'haproxy') found.set(key, { backend: carrying.backend, router });
    }
    return found;
  }

  hosts(): Iterable<string> {
    return this.byHost.keys();
  }

  /** Whether any TCP router wants connections of an entry point; then the workers look at all of them first. */
  hasTcp(front: Front): boolean {
    return (this.tcp.get(front)?.size ?? 0) > 0;
  }

  /**
   * What the map has for a host at a front: path prefixes to names of backends; the longest prefix counts.
   * Routers are taken by priority; a prefix that an earlier one covers is left out, because that one decides. Where the
   * workers have to decide, the name is {@link WORKERS}.
   */
  entries(front: Front, host: string): ReadonlyMap<string, string> {
    const keys = [...(this.byHost.get(host) ?? []), ...this.anywhere];
    const routers = keys
      .flatMap((key) => this.known.get(key) ?? [])
      .filter(({ router }) => router.entryPoints.includes(front));
    routers.sort((one, other) => compare(one.router, other.router));
    const entries = new Map<string, string>();
    for (const { cover, carrying } of routers) {
      const isCovered = [...entries.keys()].some((prefix) => cover.prefix.startsWith(prefix));
      if (isCovered) continue;
      const isFast = cover.isExact && carrying.kind === 'haproxy';
      entries.set(cover.prefix, isFast ? carrying.backend.name : WORKERS);
      if (cover.prefix === '/') break;
    }
    // A host that HAProxy carries nothing of needs no entries: without one, requests go to the workers.
    return [...entries.values()].every((name) => name === WORKERS) ? NOTHING : entries;
  }

  private learn(router: Router, hosts: Set<string>, routers: Set<string>): void {
    const key = routerKey(router);
    if (router.protocol === 'tcp') {
      for (const name of router.entryPoints) add(this.tcp, name, key);
      return;
    }
    const cover = coverOf(router);
    this.known.set(key, { router, cover, carrying: carryingOf(this.table, router) });
    if (cover.hosts === undefined) this.anywhere.add(key);
    else for (const host of cover.hosts) add(this.byHost, host, key);
    add(this.byService, router.service, key);
    this.touch(cover, hosts);
    routers.add(key);
  }

  private forget(router: Router, hosts: Set<string>, routers: Set<string>): void {
    const key = routerKey(router);
    if (router.protocol === 'tcp') for (const name of router.entryPoints) remove(this.tcp, name, key);
    const known = this.known.get(key);
    if (known === undefined) return;
    this.touch(known.cover, hosts);
    this.known.delete(key);
    this.anywhere.delete(key);
    for (const host of known.cover.hosts ?? []) remove(this.byHost, host, key);
    remove(this.byService, router.service, key);
    routers.add(key);
  }

  private judge(key: string, hosts: Set<string>, routers: Set<string>): void {
    const known = this.known.get(key);
    if (known === undefined) return;
    const before = nameOf(known.carrying);
    known.carrying = carryingOf(this.table, known.router);
    routers.add(key);
    if (nameOf(known.carrying) !== before) this.touch(known.cover, hosts);
  }

  private touch({ hosts }: Cover, touched: Set<string>): void {
    for (const host of hosts ?? this.byHost.keys()) touched.add(host);
  }
}

/** What stands for the workers in a map. */
export const WORKERS = '-';
const NOTHING: ReadonlyMap<string, string> = new Map();

function nameOf(carrying: Carrying): string {
  return carrying.kind === 'haproxy' ? carrying.backend.name : WORKERS;
}

/** As the workers order routers. */
function compare(one: Router, other: Router): number {
  const [first, second] = [routerKey(one), routerKey(other)];
  return other.priority - one.priority || (first < second ? -1 : first > second ? 1 : 0);
}

function add(index: Map<string, Set<string>>, name: string, key: string): void {
  const keys = index.get(name);
  if (keys === undefined) index.set(name, new Set([key]));
  else keys.add(key);
}

function remove(index: Map<string, Set<string>>, name: string, key: string): void {
  const keys = index.get(name);
  keys?.delete(key);
  if (keys?.size === 0) index.delete(name);
}
