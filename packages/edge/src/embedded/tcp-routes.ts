/** The TCP routers of one process: connections that are passed on byte by byte, by the name in their ClientHello. */
import { RouterIndex, type Routable } from '../core/matcher.ts';
import type { Router, Server } from '../core/model.ts';
import { compileRule } from '../core/rule/evaluate.ts';
import { hostsOf } from '../core/rule/rule.ts';
import { routerKey } from '../core/table.ts';
import type { Origin } from './exchange.ts';

/** Where a connection goes. */
export interface TcpDestination {
  readonly server: Server;
  readonly proxyProtocol: 0 | 1 | 2;
}

interface TcpRoute extends Routable {
  readonly router: Router;
}

/** The routers. */
export class TcpRoutes {
  private readonly index = new RouterIndex<TcpRoute>();
  private readonly routes = new Map<string, TcpRoute>();

  get size(): number {
    return this.index.size;
  }

  /** Takes routers out and in; those of HTTP are passed over. */
  change(removed: readonly Router[], added: readonly Router[]): void {
    const gone: TcpRoute[] = [];
    for (const router of removed) {
      const route = this.routes.get(routerKey(router));
      if (route === undefined || router.protocol !== 'tcp') continue;
      gone.push(route);
      this.routes.delete(routerKey(router));
    }
    const came = added
      .filter(({ protocol }) => protocol === 'tcp')
      .map((router): TcpRoute => ({ ...routableOf(router), router }));
    for (const route of came) this.routes.set(routerKey(route.router), route);
    if (gone.length + came.length > 0) this.index.change(gone, came);
  }

  /** @param serverName empty when the client names none */
  find(serverName: string, { clientIp, entryPoint }: Origin): Router | undefined {
    const view = { method: '', host: serverName, path: '/', query: '', headers: {}, clientIp };
    return this.index.find(view, entryPoint)?.router;
  }
}

/** What the index has to know of a router. */
export function routableOf(router: Router): Routable {
  return {
    name: routerKey(router),
    priority: router.priority,
    matches: compileRule(router.rule),
    hosts: hostsOf(router.rule),
    entryPoints: router.entryPoints,
  };
}
