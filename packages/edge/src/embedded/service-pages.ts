/** Fetches pages of services: what is shown in place of errors. */
import { limits } from '../limits.ts';
import type { Answer, Exchange } from './exchange.ts';
import type { Services } from './services.ts';
import type { Http1Pools } from './upstream/http1-pools.ts';

/** The fetcher. The client's headers stay here: its credentials are no business of an error page. */
export class ServicePages {
  private readonly services: Services;
  private readonly pools: Http1Pools;

  constructor(services: Services, pools: Http1Pools) {
    this.services = services;
    this.pools = pools;
  }

  /** A page; undefined when there is none to be had. Its status is that of the page, which the caller replaces. */
  async fetch(exchange: Exchange, service: string, path: string): Promise<Answer | undefined> {
    const pool = this.services.destination(service)?.pool;
    const state = pool?.next(() => exchange.clientIp, [], undefined);
    if (pool === undefined || state === undefined) return undefined;
    try {
      const answer = await this.pools.of(state.server, pool.policy).request({
        path: path.startsWith('/') ? path : `/${path}`,
        method: 'GET',
        headers: { host: exchange.authority, accept: exchange.header('accept') ?? '*/*' },
        headersTimeout: limits.sideTimeoutMs,
        bodyTimeout: limits.sideTimeoutMs,
      });
      const body = await answer.body.text();
      if (body.length > limits.sideAnswerBytes) return undefined;
      const type = answer.headers['content-type'];
      return {
        status: answer.statusCode,
        headers: ['content-type', typeof type === 'string' ? type : 'text/html'],
        body,
      };
    } catch {
      return undefined;
    }
  }
}
