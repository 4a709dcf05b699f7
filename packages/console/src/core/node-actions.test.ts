import { expect, test } from 'vitest';
import { planOf, withNumber } from './actions.ts';
import type { NodeAction } from './node-actions.ts';

const nodes = ['one', 'two'].map((hostname) => ({ agentId: `${hostname}-id`, hostname }));
const drain: NodeAction = { kind: 'drain', nodes, minutes: 10, othersActive: 0 };

test('several nodes are drained one after the other, and it is said when nobody is left to take what runs there', () => {
  const plan = planOf(withNumber(drain, 5));
  expect(plan.title).toBe('Drain 2 nodes');
  expect(plan.consequences).toContain('one, two');
  expect(plan.consequences).toContain('No other node could take it: apps will stop serving.');
  expect(plan.request).toEqual([
    { method: 'POST', path: '/v2/cluster/agents/one-id/drain?deadlineSeconds=300' },
    { method: 'POST', path: '/v2/cluster/agents/two-id/drain?deadlineSeconds=300' },
  ]);
  expect(plan.command).toBe('stadion node drain one --deadline 5m && stadion node drain two --deadline 5m');
});

test('whoever takes a node out of service for ever is told what is lost, and that it cannot be taken back', () => {
  const plan = planOf({ kind: 'decommission', nodes: nodes.slice(0, 1), minutes: 10 });
  expect(plan).toMatchObject({
    title: 'Take one out of service for ever',
    request: [{ method: 'POST', path: '/v2/cluster/agents/one-id/drain?deadlineSeconds=600&markGone=true' }],
    command: 'stadion node decommission one',
    isDangerous: true,
  });
  expect(plan.consequences.join(' ')).toMatch(/volumes that are kept there is lost.*cannot be taken back/);
  const gone = planOf({ kind: 'mark-gone', nodes: nodes.slice(0, 1) });
  expect(gone.request).toEqual([{ method: 'POST', path: '/v2/cluster/agents/one-id/gone' }]);
  expect(gone.command).toBeUndefined();
});

test('a single node is named', () => {
  const [first] = nodes;
  expect(planOf({ kind: 'cordon', nodes: first === undefined ? [] : [first] })).toMatchObject({
    title: 'Cordon one',
    command: 'stadion node cordon one',
  });
});
