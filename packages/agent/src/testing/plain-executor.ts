/** A custom executor for tests: it keeps what it is told and says what it is made to say. */
import type { ExecutorEvent } from '@stadion/contract/mesos-executor';
import type { ExecutorInfo } from '@stadion/contract/mesos-workload';
import type { TaskInfo, TaskState, TaskStatus } from '@stadion/contract/mesos';
import type { Agent } from '../agent.ts';
import type { ExecutorReceiver, ExecutorRefusal } from '../ports/executor-door.ts';
import { makeTask } from './fake-master.ts';

/** A custom executor of the tests' framework. */
export const CUSTOM_EXECUTOR: ExecutorInfo = {
  type: 'CUSTOM',
  executor_id: { value: 'runner' },
  command: { value: './runner' },
  resources: [
    { name: 'cpus', type: 'SCALAR', scalar: { value: 0.2 }, allocation_info: { role: 'web' } },
    { name: 'mem', type: 'SCALAR', scalar: { value: 64 } },
  ],
};

/** A task for it. */
export function makeExecutedTask(taskId: string, executor: ExecutorInfo = CUSTOM_EXECUTOR): TaskInfo {
  const { command: _none, ...info } = makeTask(taskId, { executor });
  return info;
}

/** Who it is on every call. */
const CALLER = { framework_id: { value: 'framework-1' }, executor_id: CUSTOM_EXECUTOR.executor_id };

/** Speaks to the agent that is current. */
export class PlainExecutor implements ExecutorReceiver {
  readonly events: ExecutorEvent[] = [];
  isClosed = false;
  private readonly agent: Agent;
  private readonly now: () => number;

  constructor(agent: Agent, now: () => number) {
    this.agent = agent;
    this.now = now;
  }

  send(event: ExecutorEvent): void {
    this.events.push(event);
  }

  close(): void {
    this.isClosed = true;
  }

  types(): string[] {
    return this.events.map(({ type }) => type);
  }

  subscribe(tasks: readonly TaskInfo[] = [], updates: readonly TaskStatus[] = []): ExecutorRefusal | undefined {
    return this.agent.executors.subscribe(
      {
        type: 'SUBSCRIBE',
        ...CALLER,
        subscribe: {
          unacknowledged_tasks: [...tasks],
          unacknowledged_updates: updates.map((status) => ({ status })),
        },
      },
      this,
    );
  }

  status(taskId: string, state: TaskState, seed: number): TaskStatus {
    return {
      task_id: { value: taskId },
      state,
      source: 'SOURCE_EXECUTOR',
      timestamp: this.now() / 1000,
      uuid: Buffer.alloc(16, seed).toString('base64'),
    };
  }

  update(status: TaskStatus): ExecutorRefusal | undefined {
    return this.agent.executors.call({ type: 'UPDATE', ...CALLER, update: { status } });
  }

  say(data: string): ExecutorRefusal | undefined {
    return this.agent.executors.call({ type: 'MESSAGE', ...CALLER, message: { data } });
  }
}
