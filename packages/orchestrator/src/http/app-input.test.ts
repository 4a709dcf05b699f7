/**
 * Apps in every form that Marathon ever took, and nonsense among it, sent to a whole orchestrator one after the other: each is
 * done or refused, nothing breaks behind the answer, and what was answered is there after a crash.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arbitraryInput, smallUpdate } from '../core/app/testing/arbitrary-input.ts';
import { EngineServer } from './testing/engine-server.ts';

const ODD = ['toString', 'constructor', 'hasOwnProperty', '', ' ', 'a/b', '\u0000', '\ud800'];
const oddNames = fc.dictionary(fc.constantFrom(...ODD), fc.constantFrom('', 'x'), { maxKeys: 2 });
const odd = fc
  .tuple(fc.constantFrom('labels', 'env', 'secrets', 'container', 'check', 'fetch', 'ipAddress'), oddNames)
  .map(([name, value]): object => ({ [name]: value }));
const body = fc
  .tuple(fc.oneof(arbitraryInput, smallUpdate, odd), fc.boolean())
  .map(([input, isWhole]): object => (isWhole ? { cmd: 'run', ...input } : input));
const request = fc.tuple(
  fc.constantFrom(
    ['PUT', '/v2/apps/g/web?force=true'] as const,
    ['PUT', '/v2/apps/g/web?force=true&partialUpdate=false'] as const,
    ['PATCH', '/v2/apps/g/web?force=true'] as const,
    ['POST', '/v2/apps/g/web/restart?force=true'] as const,
    ['DELETE', '/v2/apps/g/web/tasks?scale=true&force=true'] as const,
  ),
  body,
);

test('whatever is sent as an app is done or refused, and survives a crash', async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 12 }), async (requests) => {
      const server = await EngineServer.started();
      const { platform } = server;
      for (const [[method, url], sent] of requests) {
        const { version } = platform.engine.view.root;
        const { status, text } = await server.ask(method, url, sent);
        expect(status, text).toBeLessThan(500);
        if (status >= 400) expect(platform.engine.view.root.version).toBe(version);
        else accepted += 1;
        const shown = await server.ask('GET', '/v2/apps/g/web?embed=taskStats&embed=readiness');
        expect([200, 404]).toContain(shown.status);
        expect((await server.ask('GET', '/v2/deployments')).status).toBe(200);
        expect((await server.ask('GET', '/v2/queue')).status).toBe(200);
      }
      await platform.time.advance(1000);
      const before = platform.app('/g/web');
      await platform.crash();
      expect(platform.app('/g/web')).toEqual(before);
      expect(platform.fatal).toEqual([]);
    }),
    { numRuns: 80 },
  );
  expect(accepted).toBeGreaterThan(50);
}, 120_000);
