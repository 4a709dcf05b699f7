/** Sends copies of requests to services that are only to watch; what they answer is thrown away. */
import type { Pool } from '../core/balance/pool.ts';
import type { Exchange } from './exchange.ts';
import type { RequestBody } from './request-body.ts';
import { requestHeaders } from './upstream/headers.ts';
import type { AttemptListener } from './upstream/attempt.ts';
import { sendHttp1 } from './upstream/http1-attempt.ts';
import type { Http1Pools } from './upstream/http1-pools.ts';

const nobody: AttemptListener = {
  onSent: () => undefined,
  onHead: () => true,
  onChunk: () => true,
  onEnd: () => undefined,
  onFailure: () => undefined,
};

/** The copier. Requests whose body is not held are not copied: a slow copy must not slow the original. */
export class Mirroring {
  private readonly pools: Http1Pools;
  private readonly hostname: string;

  constructor(pools: Http1Pools, hostname: string) {
    this.pools = pools;
    this.hostname = hostname;
  }

  copy(exchange: Exchange, body: RequestBody, mirrors: readonly Pool[]): void {
    if (body.kind === 'stream') return;
    for (const pool of mirrors) {
      const state = pool.next(() => exchange.clientIp, [], undefined);
      if (state === undefined) continue;
      const { policy } = pool;
      const headers = requestHeaders(
        exchange,
        policy.passHostHeader ? exchange.authority : state.server.id,
        this.hostname,
      );
      const outgoing = {
        exchange,
        server: state.server,
        policy,
        method: exchange.method,
        target: exchange.upstreamTarget,
        headers,
        body,
      };
      sendHttp1(this.pools.of(state.server, policy), outgoing, nobody);
    }
  }
}
