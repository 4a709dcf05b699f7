import { expect, it } from 'vitest';
import { AppInstances } from './app-instances.ts';
import { BACKOFFS_PER_APP_MAX } from './limits.ts';

it('pauses of an app that fails in one configuration after another are of the newest of them', () => {
  const app = new AppInstances(
    '/web',
    'web',
    () => undefined,
    () => 0,
  );
  const key = (index: number): string => `2026-01-01T00:00:00.${String(index).padStart(3, '0')}Z`;
  for (let index = 0; index < 2 * BACKOFFS_PER_APP_MAX; index += 1) app.pause(key(index), { delayMs: 1, since: index });
  // One that goes on for longer is not the oldest for that.
  app.pause(key(BACKOFFS_PER_APP_MAX), { delayMs: 2, since: 0 });
  app.pause(key(999), { delayMs: 1, since: 0 });
  expect(app.backoffs.size).toBe(BACKOFFS_PER_APP_MAX);
  expect([...app.backoffs.keys()].sort()[0]).toBe(key(BACKOFFS_PER_APP_MAX + 1));
});
