import { expect, test } from 'vitest';
import type { OrchestratorEvent } from '@stadion/contract/orchestrator';
import { isOfTask, isOnNode } from './event-scope.ts';

const UUID = '3a92aaf3-146b-4e08-8d05-f800fe9594cd';
const task = `shop_web.instance-${UUID}._app.1`;

const started: OrchestratorEvent = {
  eventType: 'status_update_event',
  timestamp: '2026-01-01T00:00:00.000Z',
  slaveId: 'S0',
  taskId: task,
  taskStatus: 'TASK_RUNNING',
  message: '',
  appId: '/shop/web',
  host: 'node',
  ipAddresses: [],
  ports: [],
  version: '2026-01-01T00:00:00.000Z',
};
const healthy: OrchestratorEvent = {
  eventType: 'instance_health_changed_event',
  timestamp: '2026-01-01T00:00:01.000Z',
  instanceId: `shop_web.${UUID}`,
  runSpecId: '/shop/web',
  healthy: true,
  runSpecVersion: '2026-01-01T00:00:00.000Z',
};
const placed: OrchestratorEvent = {
  eventType: 'instance_changed_event',
  timestamp: '2026-01-01T00:00:00.500Z',
  instanceId: `shop_web.instance-${UUID}`,
  condition: 'Running',
  agentId: 'S0',
  runSpecId: '/shop/web',
  runSpecVersion: '2026-01-01T00:00:00.000Z',
};

test('what is told of a task or of its instance is about it, however ids are written; another launch is not', () => {
  for (const event of [started, healthy, placed]) expect(isOfTask(event, task)).toBe(true);
  expect(isOfTask(started, task.replace(/1$/, '2'))).toBe(false);
  expect(isOfTask(healthy, task.replace('3a92', 'ffff'))).toBe(false);
});

test('what names a node happened there', () => {
  expect([started, healthy, placed].map((event) => isOnNode(event, 'S0'))).toEqual([true, false, true]);
  expect(isOnNode(started, 'S1')).toBe(false);
});
