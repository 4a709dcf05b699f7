import type { RebalanceRun } from '@stadion/contract/rebalance';
import { expect, test } from 'vitest';
import { numberOf, planOf, withNumber } from './actions.ts';
import { neededFor } from './needed-permission.ts';
import { progressOf } from './rebalance-actions.ts';

test('how many moves begin in a minute is for the person to say, and it takes care of the whole cluster', () => {
  const action = withNumber({ kind: 'rebalance', moves: 3, movesPerMinute: 2 }, 7);
  expect(numberOf(action)).toMatchObject({ label: 'Moves a minute', value: 7, min: 1, max: 600 });
  expect(planOf(action)).toMatchObject({
    request: { method: 'POST', path: '/v2/cluster/rebalance', body: { movesPerMinute: 7 } },
    command: 'stadion rebalance --moves-per-minute 7',
  });
  expect(planOf({ kind: 'stop-rebalance' })).toMatchObject({ request: { method: 'DELETE' }, verb: 'Stop' });
  expect(neededFor(action)).toEqual({ permission: 'system:write', paths: [] });
});

test('tells how far it is', () => {
  const node = { agentId: 'a', hostname: 'a' };
  const move = { instanceId: 'i', appId: '/i', from: node, to: node };
  const run = (state: RebalanceRun['state']): RebalanceRun => ({
    id: 'r',
    state,
    movesPerMinute: 1,
    startedAt: '',
    moves: [
      { ...move, state: 'moved' },
      { ...move, state: 'moving' },
      { ...move, state: 'given-up', reason: 'no-room' },
    ],
  });
  expect(progressOf(run('running'))).toBe('1 of 3 moves made, 1 under way, 1 given up');
  expect(progressOf(run('stopping'))).toContain('stopping');
});
