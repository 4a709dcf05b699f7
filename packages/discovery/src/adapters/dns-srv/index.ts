/** Nodes by DNS SRV, e.g. `_demo._tcp.marathon.mesos`. Weights become routing weights. */
import { Resolver } from 'node:dns/promises';
import { errorCode, every, type Clock, type Timers } from '@stadion/base';
import { plainNode, type ServiceNode } from '../../core/service-node.ts';
import type { NodeSource } from '../../source.ts';
import { surroundingsOf } from '../../system.ts';

/** How to ask. */
export interface DnsSourceOptions {
  /** `IP:port` of name servers; default: those of the machine. */
  readonly servers?: readonly string[];
  /** The name to ask for, from the service's: default the service itself, which is a whole name then. */
  readonly nameOf?: (service: string) => string;
  readonly pollMs?: number;
  readonly time?: Clock & Timers;
}

/** Makes one. A name that does not exist is a service without nodes. */
export function dnsSource(options: DnsSourceOptions = {}): NodeSource {
  const { time } = surroundingsOf(options);
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  if (options.servers !== undefined) resolver.setServers([...options.servers]);
  return {
    name: 'dns',
    follow(service, listener) {
      let isClosed = false;
      let isAsking = false;
      const ask = async (): Promise<void> => {
        if (isAsking) return;
        isAsking = true;
        try {
          const nodes = await lookUp(resolver, (options.nameOf ?? ((name) => name))(service));
          if (!isClosed) listener.onNodes(nodes);
        } catch (error) {
          if (!isClosed) listener.onTrouble(error);
        }
        isAsking = false;
      };
      const poll = every(time, options.pollMs ?? 5000, () => void ask());
      void ask();
      return {
        close() {
          isClosed = true;
          poll.cancel();
        },
      };
    },
    close: () => {
      resolver.cancel();
      return Promise.resolve();
    },
  };
}

async function lookUp(resolver: Resolver, name: string): Promise<ServiceNode[]> {
  try {
    const found = await resolver.resolveSrv(name);
    const heaviest = Math.max(1, ...found.map(({ weight }) => weight));
    // RFC 2782: the lowest priority first, others only when nobody of it is left.
    const first = Math.min(...found.map(({ priority }) => priority));
    return found
      .filter(({ priority }) => priority === first)
      .map((one) => plainNode(one.name, one.port, { routingWeight: one.weight / heaviest }));
  } catch (error) {
    if (errorCode(error) === 'ENOTFOUND' || errorCode(error) === 'ENODATA') return [];
    throw error;
  }
}
