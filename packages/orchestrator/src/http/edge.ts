/** `/v2/edge`: what the edge says, relayed for those who can reach this port only. */
import { EdgeRoutes } from '@stadion/contract/edge';
import { seenEdgeRoutes } from '../core/seen-answers.ts';
import { failure, type Handler } from './answer.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { relay, relaySeen } from './relay.ts';

type EdgeHandlers = Pick<Handlers, 'listEdgeRoutes' | 'testEdgeRoute' | 'listEdgeCertificates'>;

const NO_EDGE = failure(502, {
  message: 'No edge is known here. Say where its admin port is when the server starts: --edge-url http://HOST:9090',
});

/** Handlers that ask the edge. */
export function edgeHandlers({ options }: HandlerContext): EdgeHandlers {
  const read = (path: string): Handler =>
    relay(options.edge, NO_EDGE, (edge, { query }, signal) => edge('GET', path, query, signal));
  return {
    listEdgeRoutes: relaySeen(read('/v1/routes'), EdgeRoutes, seenEdgeRoutes),
    testEdgeRoute: read('/v1/test'),
    listEdgeCertificates: read('/v1/certificates'),
  };
}
