import type { HealthResult, TaskStatus } from '@stadion/contract/mesos';
import { describe, expect, it } from 'vitest';
import { appDefinition, runningInstance } from '../engine/testing/definitions.ts';
import { exhaustedCheck, healthChanges, healthOf, serves, whyServing } from './health.ts';
import type { Instance } from './instance.ts';
import { applyStatus, killing } from './instance-update.ts';
import { newPodTasks, podTaskId } from './pod/pod-tasks.ts';
import { decideUnreachable } from './unreachable.ts';

function status(more: Partial<TaskStatus>): TaskStatus {
  return { task_id: { value: 'app.instance-x._app.1' }, state: 'TASK_RUNNING', timestamp: 10, ...more };
}

const keep = <Value>(value: Value): Value => value;
const alive: HealthResult = { index: 0, alive: true, consecutive_failures: 0, exhausted: false, last_success: 1 };
const failing: HealthResult = { index: 0, alive: false, consecutive_failures: 3, exhausted: true, last_failure: 2 };
const unknown: HealthResult = { index: 0, alive: false, consecutive_failures: 0, exhausted: false };

describe('a status', () => {
  it('that says nothing new changes nothing', () => {
    expect(applyStatus(runningInstance('x', 10_000), status({}), 20_000, keep, 0)).toEqual({ kind: 'unchanged' });
  });

  it('ends an instance when its task is over', () => {
    const outcome = applyStatus(runningInstance('x', 0), status({ state: 'TASK_FAILED' }), 20_000, keep, 0);
    expect(outcome).toMatchObject({ kind: 'ended', instance: { condition: 'Failed', since: 20_000 } });
  });

  it('does not bring a killed task back among the running', () => {
    const dying = killing(runningInstance('x', 10_000), 'Decommissioned', 5);
    expect(applyStatus(dying, status({}), 20_000, keep, 0)).toEqual({ kind: 'unchanged' });
  });

  it('overtaken on its way does not send a running task back to starting', () => {
    const outcome = applyStatus(runningInstance('x', 0), status({ state: 'TASK_STARTING' }), 20_000, keep, 0);
    expect(outcome).toEqual({ kind: 'unchanged' });
  });

  it('keeps when the condition began while only health changes', () => {
    const outcome = applyStatus(runningInstance('x', 10_000), status({ health_results: [alive] }), 20_000, keep, 1);
    expect(outcome).toMatchObject({ kind: 'changed', instance: { since: 10_000, healthy: true, health: [alive] } });
  });
});

describe('health', () => {
  it('is unknown until every check has a result, and false as soon as one failed', () => {
    expect(healthOf([], 2)).toBeUndefined();
    expect(healthOf([alive, { ...unknown, index: 1 }], 2)).toBeUndefined();
    expect(healthOf([alive, { ...failing, index: 1 }], 2)).toBe(false);
    expect(healthOf([alive, { ...alive, index: 1 }], 2)).toBe(true);
  });

  it('is unknown while a check has not answered at all, and a failure alone is enough', () => {
    expect(healthOf([alive], 2)).toBeUndefined();
    expect(healthOf([failing], 2)).toBe(false);
    const outcome = applyStatus(runningInstance('x', 0), status({ health_results: [alive] }), 20_000, keep, 2);
    expect(outcome).toMatchObject({ kind: 'changed', instance: { healthy: undefined, health: [alive] } });
  });

  it('tells failures and changes of mind apart', () => {
    expect(healthChanges([alive], [failing])).toEqual({ failed: [0], flipped: [{ index: 0, alive: false }] });
    expect(healthChanges([unknown], [alive])).toEqual({ failed: [], flipped: [{ index: 0, alive: true }] });
    expect(healthChanges([alive], [{ ...alive, last_success: 9 }])).toEqual({ failed: [], flipped: [] });
  });

  it('lets us kill for a check of Marathon, never for one of Mesos, nor when the maximum is 0', () => {
    const check = {
      protocol: 'HTTP',
      gracePeriodSeconds: 1,
      intervalSeconds: 1,
      timeoutSeconds: 1,
      maxConsecutiveFailures: 3,
    } as const;
    const of = (more: object) => appDefinition('/app', { healthChecks: [{ ...check, ...more }] });
    expect(exhaustedCheck([failing], of({}))).toBe(failing);
    expect(exhaustedCheck([failing], of({ protocol: 'MESOS_HTTP' }))).toBeUndefined();
    expect(exhaustedCheck([failing], of({ maxConsecutiveFailures: 0 }))).toBeUndefined();
  });

  it('decides who serves and who counts as up', () => {
    const healthChecks = [
      {
        protocol: 'TCP' as const,
        gracePeriodSeconds: 1,
        intervalSeconds: 1,
        timeoutSeconds: 1,
        maxConsecutiveFailures: 3,
      },
    ];
    const app = appDefinition('/app', { healthChecks });
    const instance = runningInstance('x', 0);
    expect(serves(instance, app)).toBe(false);
    expect(whyServing(instance, app)).toBe('health-unknown');
    expect(serves(instance, appDefinition('/app', {}))).toBe(true);
    expect(serves({ ...instance, healthy: true }, app)).toBe(true);
    expect(serves({ ...instance, healthy: false }, app)).toBe(false);
    expect(serves({ ...instance, condition: 'Killing' }, app)).toBe(false);
    expect(serves({ ...instance, goal: 'Decommissioned' }, app)).toBe(false);
  });
});

describe('an unreachable instance', () => {
  const strategy = { inactiveAfterSeconds: 10, expungeAfterSeconds: 60 };
  const lost = { since: 0, condition: 'Unreachable' as const };
  const replaced = { since: 0, condition: 'UnreachableInactive' as const };

  it('is replaced and forgotten at once by default', () => {
    const byDefault = { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 };
    expect(decideUnreachable(byDefault, lost, 1000)).toEqual({ kind: 'expunge' });
  });

  it('is waited for, then replaced, then forgotten', () => {
    expect(decideUnreachable(strategy, lost, 5000)).toEqual({ kind: 'wait', until: 10_000 });
    expect(decideUnreachable(strategy, lost, 10_000)).toEqual({ kind: 'inactive' });
    expect(decideUnreachable(strategy, replaced, 10_000)).toEqual({ kind: 'wait', until: 60_000 });
    expect(decideUnreachable(strategy, replaced, 60_000)).toEqual({ kind: 'expunge' });
  });

  it('with volumes is replaced and never forgotten', () => {
    const { place } = runningInstance('a', 0);
    if (place === undefined) throw new Error('it runs nowhere');
    const reservation = { place, role: 'store', volumes: [], hostPorts: [], incarnation: 1, isConfirmed: true };
    const atOnce = { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 };
    expect(decideUnreachable(atOnce, { ...lost, reservation }, 0)).toEqual({ kind: 'inactive' });
    expect(decideUnreachable(strategy, { ...replaced, reservation }, 1e12)).toEqual({ kind: 'wait', until: undefined });
  });

  it('is waited for without end when told so', () => {
    expect(decideUnreachable('disabled', lost, 1e12)).toEqual({ kind: 'wait', until: undefined });
  });
});

it('a pod that was preempted says so, which is no failure of its app', () => {
  const names = ['one', 'two'];
  let instance: Instance = { ...runningInstance('x', 0), tasks: newPodTasks(names, 0) };
  const preempted = { state: 'TASK_GONE', reason: 'REASON_CONTAINER_PREEMPTED', message: 'wanted back' } as const;
  for (const name of names) {
    const task_id = { value: podTaskId(instance, name) };
    const outcome = applyStatus(instance, status({ ...preempted, task_id }), 1, keep, new Set());
    if (outcome.kind === 'changed') instance = outcome.instance;
    else expect(outcome).toMatchObject({ kind: 'ended', end: preempted });
  }
  expect(instance.condition).toBe('Killing');
});
