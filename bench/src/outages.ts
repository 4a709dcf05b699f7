/**
 * Outages: how soon 50 consumers see 55 providers, five of them new, when a real ZooKeeper is back after it was killed,
 * frozen, cut off, emptied, or has lost everything. All in one process, which does the work of a hundred.
 */
import { delay } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { Hub } from '@stadion/discovery';
import { Provider, inspectZooKeeper, zooKeeperSource } from '@stadion/discovery/zookeeper';
import { ZooKeeperEnsemble } from '@stadion/store/testing';
import { Machines, canMakeMachines } from '../../tests/support/machines.ts';
import { waitFor } from '../../tests/support/running-platform.ts';
import type { Figure } from './figures.ts';

const CONSUMERS = 50;
const PROVIDERS = 50;
const NEW = 5;
/** Sessions have expired by then, where the server could notice. */
const AWAY_MS = 12_000;
const SESSION_MS = 8000;
const PATIENCE_MS = 60_000;

/** One way to be away: begins it, and ends it. */
interface Outage {
  readonly what: string;
  readonly begin: () => Promise<void>;
  readonly end: () => Promise<void>;
}

/** One figure for each outage, in seconds. Needs root for the cable. */
export async function measureOutages(): Promise<Figure[]> {
  const network = canMakeMachines() ? await Machines.make(1) : undefined;
  const machines = network?.machines ?? [];
  const zookeeper = await ZooKeeperEnsemble.start({
    servers: 1,
    hosts: machines.map(({ address }) => address),
    launchers: machines.map((machine) => network?.on(machine) ?? []),
  });
  const serveAgain = async (): Promise<void> => {
    zookeeper.launch(0);
    await zookeeper.serving(0);
  };
  const outages: Outage[] = [
    { what: 'killed', begin: () => zookeeper.signal(0, 'SIGKILL'), end: serveAgain },
    { what: 'frozen', begin: () => zookeeper.signal(0, 'SIGSTOP'), end: () => zookeeper.signal(0, 'SIGCONT') },
    {
      what: 'killed, and all its data lost',
      begin: async () => {
        await zookeeper.signal(0, 'SIGKILL');
        zookeeper.forget(0);
      },
      end: serveAgain,
    },
    { what: 'emptied', begin: () => Promise.resolve(), end: () => zookeeper.empty('/bench/demo') },
  ];
  const [machine] = machines;
  if (network !== undefined && machine !== undefined) {
    outages.push({ what: 'cut off', begin: () => network.cut(machine), end: () => network.mend(machine) });
  }
  const stage = new Stage(zookeeper.connectString);
  try {
    const figures: Figure[] = [];
    for (const outage of outages) {
      figures.push({
        what: `ZooKeeper was ${outage.what}: back, until all see all`,
        value: await stage.measure(outage),
        unit: 's',
        wanted: { relation: '≤', bound: 2 },
      });
    }
    return figures;
  } finally {
    await stage.close();
    await zookeeper.stop();
    await network?.remove();
  }
}

/** Providers and consumers of one service. */
class Stage {
  private readonly place: { connectString: string; namespace: string; sessionTimeoutMs: number };
  private readonly providers: Provider[] = [];
  private readonly hubs: readonly Hub[];
  private readonly looking: ReturnType<typeof inspectZooKeeper>;
  private nextPort = 4000;

  constructor(connectString: string) {
    this.place = { connectString, namespace: 'bench', sessionTimeoutMs: SESSION_MS };
    this.provide(PROVIDERS);
    this.looking = inspectZooKeeper(this.place);
    this.hubs = Array.from({ length: CONSUMERS }, () => new Hub({ source: zooKeeperSource(this.place) }));
  }

  /** Seconds from the end of the outage until everybody sees everybody, and ZooKeeper has them all. */
  async measure({ begin, end }: Outage): Promise<number> {
    await waitFor('everybody sees everybody', () => this.isRight(), PATIENCE_MS);
    await begin();
    this.provide(NEW);
    await delay(systemTimers, AWAY_MS);
    await end();
    const backAt = systemClock.monotonic();
    await waitFor('the view is right', () => this.isRight(), PATIENCE_MS);
    const seconds = (systemClock.monotonic() - backAt) / 1000;
    await Promise.all(this.providers.splice(PROVIDERS).map((provider) => provider.stop()));
    return seconds;
  }

  async close(): Promise<void> {
    await Promise.all([...this.providers.map((provider) => provider.stop()), ...this.hubs.map((hub) => hub.close())]);
    await this.looking.close();
  }

  /** Not consumers alone: what they remember may be right by chance while ZooKeeper has nobody. */
  private async isRight(): Promise<boolean> {
    const { length } = this.providers;
    if (!this.hubs.every((hub) => hub.service('demo').pool.size === length)) return false;
    const nodes = await this.looking.nodes('demo').catch(() => []);
    return nodes.length === length;
  }

  private provide(count: number): void {
    for (let index = 0; index < count; index += 1) {
      const place = { ...this.place, service: 'demo', host: '127.0.0.1', port: (this.nextPort += 1) };
      const provider = new Provider(place);
      provider.start();
      this.providers.push(provider);
    }
  }
}
