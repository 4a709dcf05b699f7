/** `/v2/queue`: what waits for a place, and why. */
import { resolveId } from '../core/app/app-id.ts';
import { toPodDefinition } from '../core/pod/normalize-pod.ts';
import { failure, pieces, rejection, type Call } from './answer.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { isStrictReader, wantsExtensions } from './query.ts';
import { wrapped } from './read-apps.ts';
import { parameter } from './route-table.ts';

/** Handlers for the launch queue. */
export function queueHandlers({ engine, apps }: HandlerContext): Pick<Handlers, 'listQueue' | 'resetDelay'> {
  function* items(call: Call): Generator<string> {
    const extensions = wantsExtensions(call);
    const lastUnusedOffers = call.query.getAll('embed').includes('lastUnusedOffers');
    let separator = '';
    const isStrict = isStrictReader(call);
    for (const { app, why, role, ...roleless } of engine.view.queue({ lastUnusedOffers })) {
      const item = isStrict ? roleless : { role, ...roleless };
      const rest = JSON.stringify(extensions && why !== undefined ? { ...item, why } : item);
      const pod = toPodDefinition(app);
      const what = pod === undefined ? `"app":${apps.openDefinition(app)}}` : `"pod":${JSON.stringify(pod)}`;
      yield `${separator}{${what},${rest.slice(1)}`;
      separator = ',';
    }
  }
  return {
    listQueue: (call) => pieces(200, wrapped('queue', items(call))),
    async resetDelay({ parameters }) {
      const id = resolveId(parameter(parameters, 'id'));
      const outcome = await engine.resetDelay(id);
      if (outcome.ok) return { status: 204, body: { kind: 'none' } };
      if (outcome.rejection.kind !== 'not-found') return rejection(outcome.rejection);
      return failure(404, { message: `Application ${id} not found in tasks queue.` });
    },
  };
}
