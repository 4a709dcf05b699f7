/** `/v2/queue`: what waits for a place, and why. */
import { resolveId } from '../core/app/app-id.ts';
import { failure, pieces, rejection } from './answer.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { wrapped } from './read-apps.ts';
import { parameter } from './route-table.ts';

/** Handlers for the launch queue. */
export function queueHandlers({ engine, apps }: HandlerContext): Pick<Handlers, 'listQueue' | 'resetDelay'> {
  function* items(query: URLSearchParams): Generator<string> {
    const lastUnusedOffers = query.getAll('embed').includes('lastUnusedOffers');
    let separator = '';
    for (const { app, ...item } of engine.view.queue({ lastUnusedOffers })) {
      yield `${separator}{"app":${apps.openDefinition(app)}},${JSON.stringify(item).slice(1)}`;
      separator = ',';
    }
  }
  return {
    listQueue: ({ query }) => pieces(200, wrapped('queue', items(query))),
    async resetDelay({ parameters }) {
      const id = resolveId(parameter(parameters, 'id'));
      const outcome = await engine.resetDelay(id);
      if (outcome.ok) return { status: 204, body: { kind: 'none' } };
      if (outcome.rejection.kind !== 'not-found') return rejection(outcome.rejection);
      return failure(404, { message: `Application ${id} not found in tasks queue.` });
    },
  };
}
