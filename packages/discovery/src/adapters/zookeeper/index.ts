/** Nodes in ZooKeeper, in Ranger's layout: `/<namespace>/<service>/<host>:<port>`. */
import { every } from '@stadion/base';
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
      const poll = every(time, options.pollMs ?? 5000, () => following.look());
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

class Following implements Subscription {
  private readonly link: ZooKeeperLink;
  private readonly path: string;
  private readonly listener: SourceListener;
  private readonly endConnected: () => void;
  private isLooking = false;
  private isWanted = false;
  private isClosed = false;

  constructor(link: ZooKeeperLink, path: string, listener: SourceListener) {
    this.link = link;
    this.path = path;
    this.listener = listener;
    this.endConnected = link.onConnected(this.look);
  }

  /** The same function each time: a watcher that is set twice is called once. */
  readonly look = (): void => {
    this.isWanted = true;
    if (this.isLooking || this.isClosed) return;
    this.isLooking = true;
    this.isWanted = false;
    this.read()
      .then(
        (nodes) => {
          if (!this.isClosed) this.listener.onNodes(nodes);
        },
        (error: unknown) => {
          if (!this.isClosed) this.listener.onTrouble(error);
        },
      )
      .finally(() => {
        this.isLooking = false;
        if (this.isWanted) this.look();
      });
  };

  close(): void {
    this.isClosed = true;
    this.endConnected();
  }

  private async read(): Promise<ServiceNode[]> {
    let names: string[];
    try {
      names = await this.link.children(this.path, this.look);
    } catch (error) {
      if (refusalOf(error) !== 'missing') throw error;
      // Somebody may register first; a watch on what is not there tells of it.
      await this.link.owner(this.path, this.look);
      return [];
    }
    const nodes: ServiceNode[] = [];
    for (let start = 0; start < names.length; start += READS_MAX) {
      const part = names.slice(start, start + READS_MAX);
      nodes.push(...(await Promise.all(part.map((name) => this.readNode(name)))).flat());
    }
    return nodes;
  }

  private async readNode(name: string): Promise<ServiceNode[]> {
    try {
      const node = decodeNode((await this.link.data(`${this.path}/${name}`, this.look)).toString('utf8'));
      return node === undefined ? [] : [node];
    } catch (error) {
      // It has gone between the list and now; everything else is trouble of the source.
      if (refusalOf(error) === 'missing') return [];
      throw error;
    }
  }
}
