/** Nodes in ZooKeeper, in Ranger's layout: `/<namespace>/<service>/<host>:<port>`. */
import { every } from '@stadion/base';
import type { Event } from 'node-zookeeper-client';
import { decodeNode } from '../../core/ranger-json.ts';
import type { ServiceNode } from '../../core/service-node.ts';
import type { NodeSource, SourceListener, Subscription } from '../../source.ts';
import { surroundingsOf } from '../../system.ts';
import { ZooKeeperLink, refusalOf, type ZooKeeperOptions } from './link.ts';

/** Where the nodes are. */
export interface ZooKeeperSourceOptions extends Omit<ZooKeeperOptions, 'time'> {
  readonly namespace: string;
  /** Between two looks that no watch asked for. */
  readonly pollMs?: number;
  readonly time?: ZooKeeperOptions['time'];
}

/** Children of a namespace that are no services: Ranger's Dropwizard bundles number themselves there. */
const NO_SERVICES: ReadonlySet<string> = new Set(['id-generator']);
/** Each node is read again at every heartbeat, by its watch: looking at all of them is for watches that were lost. */
const POLL_MS = 15_000;
/** Nodes that are read at once. */
const READS_MAX = 64;

/** Makes one. Watches are set again at every look, on the list and on each node; polling is a backstop. */
export function zooKeeperSource(options: ZooKeeperSourceOptions): NodeSource {
  const { time } = surroundingsOf(options);
  const link = new ZooKeeperLink({ ...options, time });
  const root = `/${options.namespace}`;
  return {
    name: 'zookeeper',
    follow: (service, listener) => {
      const following = new Following(link, `${root}/${service}`, listener);
      const poll = every(time, options.pollMs ?? POLL_MS, () => following.look());
      return {
        close() {
          poll.cancel();
          following.close();
        },
      };
    },
    async services() {
      try {
        return (await link.children(root)).filter((name) => !NO_SERVICES.has(name)).sort();
      } catch (error) {
        if (refusalOf(error) === 'missing') return [];
        throw error;
      }
    },
    close: () => {
      link.close();
      return Promise.resolve();
    },
  };
}

/** Follows one service. A change of one node is read alone: with many providers and many consumers all else is too much. */
class Following implements Subscription {
  private readonly link: ZooKeeperLink;
  private readonly path: string;
  private readonly listener: SourceListener;
  private readonly endConnected: () => void;
  /** What every child says, or that it cannot be read. */
  private readonly nodes = new Map<string, ServiceNode | undefined>();
  private readonly stale = new Set<string>();
  private isListStale = false;
  private isReading = false;
  private isClosed = false;

  constructor(link: ZooKeeperLink, path: string, listener: SourceListener) {
    this.link = link;
    this.path = path;
    this.listener = listener;
    this.endConnected = link.onConnected(() => this.look());
  }

  /** Reads everything: watches may have been missed. */
  look(): void {
    for (const name of this.nodes.keys()) this.stale.add(name);
    this.onList();
  }

  close(): void {
    this.isClosed = true;
    this.endConnected();
  }

  /** The same functions each time: a watcher that is set twice is called once. */
  private readonly onList = (): void => {
    this.isListStale = true;
    this.readOn();
  };

  private readonly onNode = (event: Event): void => {
    this.stale.add(event.getPath().slice(this.path.length + 1));
    this.readOn();
  };

  private readOn(): void {
    if (this.isReading || this.isClosed) return;
    this.isReading = true;
    this.read()
      .catch((error: unknown) => {
        if (!this.isClosed) this.listener.onTrouble(error);
      })
      .finally(() => {
        this.isReading = false;
        // Asked for while a read failed, e.g. by a connection that came just then.
        if (this.isAnythingStale()) this.readOn();
      });
  }

  private isAnythingStale(): boolean {
    return this.isListStale || this.stale.size > 0;
  }

  /** Reads until nothing is stale. What could not be read waits for the next look, by a connection or the poll. */
  private async read(): Promise<void> {
    while (!this.isClosed && this.isAnythingStale()) {
      if (this.isListStale) {
        this.isListStale = false;
        await this.readList();
      }
      const names = this.nextNames();
      for (const name of names) this.stale.delete(name);
      await Promise.all(names.map((name) => this.readNode(name)));
      this.tell();
    }
  }

  /** Those that are new first: nothing is told before they have been read. */
  private nextNames(): readonly string[] {
    const unread = [...this.stale].filter((name) => !this.nodes.has(name));
    return (unread.length > 0 ? unread : [...this.stale]).slice(0, READS_MAX);
  }

  /** Not before each child has been read once: a part would look like all. */
  private tell(): void {
    if (this.isClosed || [...this.stale].some((name) => !this.nodes.has(name))) return;
    this.listener.onNodes([...this.nodes.values()].filter((node) => node !== undefined));
  }

  private async readList(): Promise<void> {
    const names = new Set(await this.readNames());
    for (const name of this.nodes.keys()) if (!names.has(name)) this.nodes.delete(name);
    for (const name of names) if (!this.nodes.has(name)) this.stale.add(name);
  }

  private async readNames(): Promise<readonly string[]> {
    try {
      return await this.link.children(this.path, this.onList);
    } catch (error) {
      if (refusalOf(error) !== 'missing') throw error;
      // Somebody may register first; a watch on what is not there tells of it.
      await this.link.owner(this.path, this.onList);
      return [];
    }
  }

  private async readNode(name: string): Promise<void> {
    try {
      this.nodes.set(name, decodeNode((await this.link.data(`${this.path}/${name}`, this.onNode)).toString('utf8')));
    } catch (error) {
      // It has gone between the list and now; everything else is trouble of the source.
      if (refusalOf(error) !== 'missing') throw error;
      this.nodes.delete(name);
    }
  }
}
