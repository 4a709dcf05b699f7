/**
 * Keeps a zone like its cluster: a snapshot of the master's state, then each change as it is pushed. Snapshots are also
 * taken now and then, in case an event was missed, and when a change says too little. When the master is away, what is
 * known stays.
 */
import { lookup } from 'node:dns/promises';
import {
  PlatformError,
  delay,
  describeError,
  every,
  type Clock,
  type Logger,
  type TimerHandle,
  type Timers,
} from '@stadion/base';
import type { Fetch } from '@stadion/contract/client';
import type { MastersObserver } from '../config.ts';
import type { Cluster, Endpoint } from '../core/cluster.ts';
import { parseAddress } from '../core/ip-address.ts';
import type { ZoneKeeper } from '../core/zone-keeper.ts';
import { limits } from '../limits.ts';
import { getBytes } from './get-bytes.ts';
import { operatorPush, orchestratorPush, type Push } from './pushes.ts';
import { openState, type StateDocument } from './state-document.ts';

/** How the feed of one zone is doing. */
export interface FeedStatus {
  /** Wall clock, ms; undefined until the first snapshot. */
  readonly snapshotAt: number | undefined;
  /** Why the last attempt failed; undefined when it did not. */
  readonly failure: string | undefined;
  /** What could not be read in the last snapshot. */
  readonly problems: readonly string[];
  readonly snapshots: number;
  readonly pushes: number;
  /** Which streams of changes are open. */
  readonly streams: readonly string[];
}

/** What a feed needs. */
export interface FeedParts {
  readonly masters: readonly string[];
  readonly observeMasters: MastersObserver | undefined;
  readonly orchestrator: string | undefined;
  readonly fetch: Fetch;
  readonly refreshMs: number;
  readonly keeper: ZoneKeeper;
  readonly time: Clock & Timers;
  readonly log: Logger;
  /** Called after the keeper has changed, perhaps. */
  readonly onChange: () => void;
}

/** The feed of one zone. */
export class ClusterFeed {
  private readonly parts: FeedParts;
  private readonly stopping = new AbortController();
  private readonly pushes: readonly Push[];
  private readonly hosts = new Map<string, { readonly addresses: readonly string[]; readonly until: number }>();
  private backstop: TimerHandle | undefined;
  private rest: TimerHandle | undefined;
  private isFetching = false;
  private isWanted = false;
  private leader: string | undefined;
  /** Those that were told of since; in their order, the leader first. */
  private met: readonly string[] | undefined;
  private observation: { stop(): void } | undefined;
  private snapshotAt: number | undefined;
  private failure: string | undefined;
  private problems: readonly string[] = [];
  private snapshotCount = 0;
  private pushCount = 0;

  constructor(parts: FeedParts) {
    this.parts = parts;
    const { keeper, time, log } = parts;
    const signal = this.stopping.signal;
    const shared = {
      keeper,
      time,
      log,
      signal,
      fetch: parts.fetch,
      onChange: () => {
        this.pushCount += 1;
        parts.onChange();
      },
      resync: () => this.wantSnapshot(),
    };
    this.pushes = [
      operatorPush(() => this.leader ?? parts.masters[0] ?? '', shared),
      ...(parts.orchestrator === undefined ? [] : [orchestratorPush(parts.orchestrator, shared)]),
    ];
  }

  /** Begins; resolves after the first attempt, whether it succeeded or not. */
  async start(): Promise<void> {
    this.observation = this.parts.observeMasters?.((masters) => {
      const [leader] = masters;
      if (leader === undefined || this.stopping.signal.aborted) return;
      this.leader = leader;
      this.met = masters;
      this.wantSnapshot();
    });
    if (this.parts.masters.length > 0) await this.snapshot();
    for (const push of this.pushes) void push.run();
    this.backstop = every(this.parts.time, this.parts.refreshMs, () => this.wantSnapshot());
  }

  stop(): void {
    this.stopping.abort();
    this.observation?.stop();
    this.backstop?.cancel();
    this.rest?.cancel();
  }

  status(): FeedStatus {
    return {
      snapshotAt: this.snapshotAt,
      failure: this.failure,
      problems: this.problems,
      snapshots: this.snapshotCount,
      pushes: this.pushCount,
      streams: this.pushes.filter((push) => push.isOpen()).map(({ name }) => name),
    };
  }

  /** Takes a snapshot now, or as soon as the master has had its rest from the last one. */
  private wantSnapshot(): void {
    this.isWanted = true;
    if (this.isFetching || this.rest !== undefined || this.stopping.signal.aborted) return;
    void this.snapshot();
  }

  private async snapshot(): Promise<void> {
    const { time, log } = this.parts;
    this.isFetching = true;
    this.isWanted = false;
    const begin = time.monotonic();
    try {
      const cluster = await this.read();
      await this.takeOver(cluster, begin);
      this.snapshotAt = time.now();
      this.snapshotCount += 1;
      this.failure = undefined;
      this.problems = cluster.problems;
      this.parts.onChange();
    } catch (error) {
      if (this.stopping.signal.aborted) return;
      if (this.failure === undefined) log.warn({ error: describeError(error) }, 'the master cannot be read');
      this.failure = describeError(error);
    } finally {
      this.isFetching = false;
    }
    const took = time.monotonic() - begin;
    this.rest = time.after(Math.min(took * limits.snapshotRest, limits.snapshotRestMsMax), () => {
      this.rest = undefined;
      if (this.isWanted) this.wantSnapshot();
    });
  }

  /** Bit by bit: whoever asks meanwhile is answered after a few milliseconds, not when all is done. */
  private async takeOver(cluster: Cluster, askedAt: number): Promise<void> {
    const { keeper, time, onChange } = this.parts;
    const steps = keeper.takeOver(cluster, askedAt);
    let begin = time.monotonic();
    while (steps.next().done !== true) {
      if (time.monotonic() - begin < limits.takeOverMs) continue;
      onChange();
      await delay(time, 0);
      if (this.stopping.signal.aborted) return;
      begin = time.monotonic();
    }
  }

  /** Asks the last leader first, then the others; whoever answers names the leader, and that one is believed. */
  private async read(): Promise<Cluster> {
    const masters = this.met ?? this.parts.masters;
    const candidates = [...new Set([...(this.leader === undefined ? [] : [this.leader]), ...masters])];
    let failure: unknown = new PlatformError('master-unknown', 'It is not known who leads.', { retryable: true });
    for (const url of candidates) {
      let state: StateDocument | undefined;
      try {
        let from = url;
        state = await this.get(url);
        const leader = leaderUrl(state, url);
        if (leader !== undefined && leader !== url) {
          from = leader;
          state.close();
          state = await this.get(leader);
        }
        this.leader = from;
        return await state.read(masters.flatMap(endpointOf), await this.resolve(state.hostNames), (task) =>
          this.parts.keeper.asKnown(task),
        );
      } catch (error) {
        if (this.stopping.signal.aborted) throw error;
        failure = error;
      } finally {
        state?.close();
      }
    }
    throw failure;
  }

  private async get(url: string): Promise<StateDocument> {
    const bytes = await getBytes(`${url}/state`, {
      timers: this.parts.time,
      timeoutMs: limits.stateTimeoutMs,
      bytesMax: limits.stateBytes,
      fetch: this.parts.fetch,
      signal: this.stopping.signal,
    });
    return openState(bytes, url);
  }

  /** Addresses of agents that name themselves by host name. What cannot be resolved now keeps what it had. */
  private async resolve(names: ReadonlySet<string>): Promise<Map<string, readonly string[]>> {
    const now = this.parts.time.monotonic();
    await Promise.all(
      [...names].map(async (name) => {
        const known = this.hosts.get(name);
        if (known !== undefined && known.until > now) return;
        const found = await lookup(name, { all: true }).catch(() => undefined);
        const addresses = found?.map(({ address }) => address) ?? known?.addresses ?? [];
        this.hosts.set(name, { addresses, until: now + limits.hostNameMs });
      }),
    );
    for (const name of this.hosts.keys()) if (!names.has(name)) this.hosts.delete(name);
    return new Map([...this.hosts].map(([name, { addresses }]) => [name, addresses]));
  }
}

/** The leader's URL as a state names it, `master@ip:port`, when that is another master than the one that was asked. */
function leaderUrl({ leader, pid }: StateDocument, asked: string): string | undefined {
  if (typeof leader !== 'string' || leader === '' || leader === pid) return undefined;
  const scheme = asked.startsWith('https:') ? 'https' : 'http';
  const url = `${scheme}://${leader.slice(leader.lastIndexOf('@') + 1)}`;
  return URL.canParse(url) ? url : undefined;
}

function endpointOf(url: string): Endpoint[] {
  const { hostname, port } = new URL(url);
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  return parseAddress(address) === undefined ? [] : [{ address, port: Number(port === '' ? 5050 : port) }];
}
