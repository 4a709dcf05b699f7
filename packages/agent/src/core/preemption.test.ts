import { describe, expect, it } from 'vitest';
import type { ExecutorInfo } from '@stadion/contract/mesos-workload';
import { EXECUTOR_PATIENCE_MS, LOOKS_BEFORE_PREEMPTION } from '../limits.ts';
import { planPreemption, toPreempt } from './preemption.ts';
import { stageTask, type Task } from './task-model.ts';

const DEADLINE = 50_000;

describe('who gives cpus back first', () => {
  const old = { id: 'old', lent: 2, since: 1000 };
  const young = { id: 'young', lent: 1, since: 3000 };
  const middle = { id: 'middle', lent: 1, since: 2000 };

  it.each([
    { left: 4, ended: [] },
    { left: 3.5, ended: ['young'] },
    { left: 2, ended: ['young', 'middle'] },
    { left: 0, ended: ['young', 'middle', 'old'] },
  ])('with $left left of 4: $ended', ({ left, ended }) => {
    expect(toPreempt([old, young, middle], 4, left).map(({ id }) => id)).toEqual(ended);
  });

  it('counts what those have who cannot be ended now', () => {
    expect(toPreempt([old], 3, 2).map(({ id }) => id)).toEqual(['old']);
  });
});

describe('a look at what is lent', () => {
  const lent = (id: string, cpus: number, more: Partial<Task> = {}): Task => ({
    ...stageTask(
      'framework-1',
      {
        name: id,
        task_id: { value: id },
        agent_id: { value: 'agent-S0' },
        resources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: cpus }, revocable: {} }],
      },
      `container-${id}`,
    ),
    phase: 'running',
    runningSince: 1000,
    ...more,
  });
  const executor: ExecutorInfo = { type: 'CUSTOM', executor_id: { value: 'runner' }, resources: [] };
  const pod = { podId: 'container-process', executor, hasSeveralUsers: false };
  const process = lent('process', 0);
  const processOf = (podId: string): Task | undefined => (podId === process.containerId ? process : undefined);
  const look = (looksOver: number, tasks: readonly Task[], now = 0) => {
    const { looksOver: next, ended } = planPreemption(looksOver, tasks, processOf, 1, now);
    return [next, ended.map(({ info }) => info.task_id.value)];
  };
  const LAST = LOOKS_BEFORE_PREEMPTION - 1;

  it('ends nobody before it has been so for several in a row, and then counts anew', () => {
    const task = lent('one', 2);
    expect(look(0, [task])).toEqual([1, []]);
    expect(look(LAST, [task])).toEqual([0, ['one']]);
    expect(look(LAST, [lent('one', 1)])).toEqual([0, []]);
  });

  it('leaves a task that is on its way out the time that it was promised, and counts nothing of it', () => {
    const kill = { cause: 'asked', deadline: DEADLINE } as const;
    expect(look(LAST, [lent('one', 2, { kill, pod })], DEADLINE + EXECUTOR_PATIENCE_MS)).toEqual([0, []]);
  });

  it('ends an executor, once, that did not end its tasks in that time', () => {
    const kill = { cause: 'asked', deadline: DEADLINE } as const;
    const stuck = [lent('one', 2, { kill, pod }), lent('two', 2, { kill, pod })];
    expect(look(LAST, stuck, DEADLINE + EXECUTOR_PATIENCE_MS + 1)).toEqual([0, ['process']]);
  });
});
