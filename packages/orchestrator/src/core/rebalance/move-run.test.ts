import { expect, test } from 'vitest';
import { MOVE_PATIENCE_MS, ROOM_PATIENCE_MS, UNSETTLED_PATIENCE_MS } from './limits.ts';
import { MoveRun, type MoveScene, type OrderedMove } from './move-run.ts';

function moves(...appIds: string[]): OrderedMove[] {
  const [from, to] = [
    { agentId: 'A', hostname: 'a' },
    { agentId: 'B', hostname: 'b' },
  ];
  return appIds.map((appId, nth) => ({ instanceId: `${appId}.${String(nth)}`, appId, from, to }));
}

/** Apps that are as they are wanted, but for what a test says. */
function scene(
  more: { unsettled?: string[]; held?: string[]; down?: string[]; waiting?: Record<string, number> } = {},
): MoveScene {
  return {
    isUpOn: (instanceId) => !(more.down ?? []).includes(instanceId),
    isSettled: (appId) => !(more.unsettled ?? []).includes(appId),
    isHeld: (appId) => (more.held ?? []).includes(appId),
    waiting: (appId) => more.waiting?.[appId] ?? 0,
  };
}

const states = (run: MoveRun): string[] => run.moves.map(({ state, reason }) => reason ?? state);

test('begins no more in any minute than the budget has, however late it is looked at', () => {
  const run = new MoveRun(moves('/a', '/b', '/c', '/d', '/e'), 2, 0);
  const begun: number[] = [];
  for (let now = 0; now <= 200_000; now += now === 40_000 ? 50_000 : 1000) {
    for (const appId of run.look(now, scene())) {
      begun.push(now);
      run.left(appId, now);
    }
  }
  expect(begun).toEqual([0, 30_000, 90_000, 120_000, 150_000]);
  expect(run.state).toBe('done');
});

test('moves one instance of an app at a time, and the next when the app is as it is wanted', () => {
  const run = new MoveRun(moves('/a', '/a', '/b'), 600, 0);
  expect(run.look(0, scene())).toEqual(['/a']);
  expect(run.look(1000, scene())).toEqual(['/b']);
  expect(run.look(2000, scene())).toEqual([]);
  run.left('/a', 3000);
  expect(run.look(3000, scene({ unsettled: ['/a'] }))).toEqual([]);
  expect(run.look(4000, scene())).toEqual(['/a']);
  expect(states(run)).toEqual(['moved', 'moving', 'moving']);
});

test('gives up what does not get on, and says why', () => {
  const run = new MoveRun(moves('/room', '/slow', '/held', '/lost', '/down'), 600, 0);
  for (let now = 0; now < 500; now += 100) run.look(now, scene());
  const now = ROOM_PATIENCE_MS + 1000;
  const trouble = scene({ held: ['/held'], down: ['/down.4'], waiting: { '/room': 1, '/lost': 2 } });
  expect(run.look(now, trouble)).toEqual(['/room', '/held', '/lost', '/down']);
  expect(run.state).toBe('running');
  expect(run.look(MOVE_PATIENCE_MS + 1000, scene())).toEqual(['/slow']);
  expect(states(run)).toEqual(['no-room', 'not-up', 'disturbed', 'disturbed', 'gone']);
  expect(run.state).toBe('done');
});

test('passes over an instance that is gone, and does not wait for ever for an app that never settles', () => {
  const run = new MoveRun(moves('/gone', '/a', '/b'), 600, 0);
  expect(run.look(0, scene({ down: ['/gone.0'], unsettled: ['/b'] }))).toEqual(['/a']);
  run.left('/a', 1000);
  run.look(1000 + UNSETTLED_PATIENCE_MS, scene({ unsettled: ['/b'] }));
  expect(run.state).toBe('running');
  run.look(1001 + UNSETTLED_PATIENCE_MS, scene({ unsettled: ['/b'] }));
  expect(states(run)).toEqual(['gone', 'moved', 'unsettled']);
});

test('begins nothing more once it is stopped, and lets what is under way end', () => {
  const run = new MoveRun(moves('/a', '/b'), 1, 0);
  run.look(0, scene());
  run.stop();
  expect(run.state).toBe('stopping');
  expect(run.look(60_000, scene())).toEqual([]);
  run.left('/a', 61_000);
  expect(run.state).toBe('stopped');
  expect(states(run)).toEqual(['moved', 'not-begun']);
});
