/** Many services at once: each is followed from the first time that somebody asks for it. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { PlatformError, every, type Clock, type Random, type TimerHandle, type Timers } from '@stadion/base';
import { NodeView, type ViewSettings } from './core/node-view.ts';
import { RetryBudget } from './core/retry-budget.ts';
import { ServicePool, type PoolSettings } from './core/service-pool.ts';
import type { ServiceNode } from './core/service-node.ts';
import type { NodeSource, Subscription } from './source.ts';
import { surroundingsOf } from './system.ts';

/** How a hub finds and chooses. */
export interface HubOptions {
  readonly source: NodeSource;
  readonly pool?: Partial<PoolSettings>;
  readonly view?: Partial<ViewSettings>;
  /** Keeps the last nodes in a file, for a start while the source is away. */
  readonly cacheFile?: string;
  /** How long the first call to a service waits for its nodes. */
  readonly firstMs?: number;
  readonly time?: Clock & Timers;
  readonly random?: Random;
}

/** One followed service. */
export interface FollowedService {
  readonly name: string;
  readonly pool: ServicePool;
  readonly budget: RetryBudget;
  /** Resolves when its nodes are known for the first time, or it took too long. */
  readonly ready: Promise<void>;
  /** What its source could not do, lastly. */
  trouble(): unknown;
}

interface Entry extends FollowedService {
  readonly subscription: Subscription;
  onChange(listener: () => void): () => void;
}

const SAVE_MS = 2000;

/** The hub. */
export class Hub {
  private readonly options: HubOptions;
  private readonly time: Clock & Timers;
  private readonly random: Random;
  private readonly entries = new Map<string, Entry>();
  private readonly saving: TimerHandle | undefined;
  private cached: Promise<Readonly<Record<string, readonly ServiceNode[]>>>;
  private isDirty = false;

  constructor(options: HubOptions) {
    this.options = options;
    const { time, random } = surroundingsOf(options);
    this.time = time;
    this.random = random.stream('discovery');
    this.cached = this.readCache();
    this.saving = options.cacheFile === undefined ? undefined : every(time, SAVE_MS, () => void this.save());
  }

  /** Clock and timers, for those who call through the hub. */
  get clock(): Clock & Timers {
    return this.time;
  }

  /** A service, followed from now on. */
  service(name: string): FollowedService {
    return this.entries.get(name) ?? this.follow(name);
  }

  /** The services that the source knows, or those that are followed where it cannot tell. */
  async services(): Promise<readonly string[]> {
    return (await this.options.source.services?.()) ?? [...this.entries.keys()];
  }

  /** Calls back after each change of a service's nodes, until the function given back is called. */
  watch(name: string, listener: (nodes: readonly ServiceNode[]) => void): () => void {
    const { pool } = this.service(name);
    const entry = this.entries.get(name);
    return entry === undefined ? () => undefined : entry.onChange(() => listener(pool.nodes()));
  }

  async close(): Promise<void> {
    this.saving?.cancel();
    for (const { subscription } of this.entries.values()) subscription.close();
    await this.save();
    this.entries.clear();
    await this.options.source.close();
  }

  private follow(name: string): Entry {
    const { time } = this;
    const pool = new ServicePool({ clock: time, random: this.random.stream(name) }, this.options.pool);
    const view = new NodeView(this.options.view);
    const listeners = new Set<() => void>();
    let trouble: unknown;
    let settle: () => void = () => undefined;
    const ready = new Promise<void>((resolve) => {
      settle = resolve;
      time.after(this.options.firstMs ?? 5000, resolve);
    });
    let isKnown = false;
    const take = (nodes: readonly ServiceNode[]): void => {
      isKnown = true;
      this.isDirty = true;
      pool.update(view.accept(nodes, time.monotonic(), time.now()));
      for (const listener of listeners) listener();
      settle();
    };
    const subscription = this.options.source.follow(name, {
      onNodes: (nodes) => {
        trouble = undefined;
        take(nodes);
      },
      onTrouble: (error) => {
        trouble = error;
        view.away();
      },
    });
    const entry: Entry = {
      name,
      pool,
      budget: new RetryBudget(),
      ready,
      subscription,
      trouble: () => trouble,
      onChange: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    this.entries.set(name, entry);
    // Old nodes are better than none, until the source has said something.
    void this.cached.then((cached) => {
      const nodes = cached[name];
      if (isKnown || nodes === undefined || nodes.length === 0) return;
      pool.update(nodes);
      settle();
    });
    return entry;
  }

  private async readCache(): Promise<Readonly<Record<string, readonly ServiceNode[]>>> {
    const { cacheFile } = this.options;
    if (cacheFile === undefined) return {};
    try {
      return JSON.parse(await readFile(cacheFile, 'utf8')) as Record<string, ServiceNode[]>;
    } catch {
      return {};
    }
  }

  private async save(): Promise<void> {
    const { cacheFile } = this.options;
    if (cacheFile === undefined || !this.isDirty) return;
    this.isDirty = false;
    const before = await this.cached;
    const now = Object.fromEntries([...this.entries].map(([name, { pool }]) => [name, pool.nodes()]));
    const all = { ...before, ...now };
    this.cached = Promise.resolve(all);
    await writeFile(`${cacheFile}.new`, JSON.stringify(all));
    await rename(`${cacheFile}.new`, cacheFile);
  }
}

/** Nobody is there to be called. */
export function noNode(service: FollowedService): PlatformError {
  return new PlatformError('service-without-nodes', `No instance of ${service.name} is known.`, {
    details: { service: service.name },
    retryable: true,
    cause: service.trouble(),
  });
}
