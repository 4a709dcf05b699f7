/** A master for tests of the agent: it answers registrations, acknowledges if told to, and notes what it hears. */
import { PlatformError } from '@stadion/base';
import type { AgentMessage, Link, LinkReceiver, MasterDialer, MasterMessage } from '@stadion/contract/agent-link';
import type { FrameworkInfo, Resource, TaskInfo, TaskStatus } from '@stadion/contract/mesos';
import type { ExecutorInfo } from '@stadion/contract/mesos-workload';

/** Messages go straight through; switches make it deaf or absent. */
export class FakeMaster implements MasterDialer {
  readonly heard: AgentMessage[] = [];
  acknowledges = true;
  answersRegistrations = true;
  reachable = true;
  agentId = 'agent-S0';
  dials = 0;
  private receiver: LinkReceiver<MasterMessage> | undefined;
  private tellLeader: () => void = () => undefined;

  async dial(receiver: LinkReceiver<MasterMessage>): Promise<Link<AgentMessage>> {
    this.dials += 1;
    if (!this.reachable) throw new PlatformError('no-master', 'There is no master.', { retryable: true });
    this.receiver = receiver;
    return {
      send: (message) => {
        if (this.receiver === receiver) this.hear(message);
      },
      close: () => {
        if (this.receiver === receiver) this.receiver = undefined;
      },
    };
  }

  onLeader(callback: () => void): void {
    this.tellLeader = callback;
  }

  /** Lets the agent hear that somebody leads. */
  announce(): void {
    this.tellLeader();
  }

  /** Sends to the agent. */
  say(message: MasterMessage): void {
    this.receiver?.onMessage(message);
  }

  /** Breaks the link. */
  hangUp(): void {
    const { receiver } = this;
    this.receiver = undefined;
    receiver?.onClosed();
  }

  run(...tasks: TaskInfo[]): void {
    this.say({ type: 'RUN_TASKS', framework: FRAMEWORK, tasks });
  }

  runGroup(executor: ExecutorInfo, ...tasks: TaskInfo[]): void {
    this.say({ type: 'RUN_TASK_GROUP', framework: FRAMEWORK, executor, tasks });
  }

  kill(taskId: string, graceMs?: number): void {
    this.say({
      type: 'KILL_TASK',
      framework_id: { value: 'framework-1' },
      task_id: { value: taskId },
      ...(graceMs === undefined ? {} : { grace_period_ms: graceMs }),
    });
  }

  /** All statuses heard of a task, in order, resent ones included. */
  statuses(taskId: string): TaskStatus[] {
    return this.heard.flatMap((message) =>
      message.type === 'STATUS_UPDATE' && message.status.task_id.value === taskId ? [message.status] : [],
    );
  }

  states(taskId: string): string[] {
    return this.statuses(taskId).map((status) => status.state);
  }

  registrations(): Extract<AgentMessage, { type: 'REGISTER' }>[] {
    return this.heard.filter((message) => message.type === 'REGISTER');
  }

  acknowledge(status: TaskStatus): void {
    this.say({
      type: 'ACKNOWLEDGE_STATUS_UPDATE',
      framework_id: { value: 'framework-1' },
      task_id: status.task_id,
      uuid: status.uuid ?? '',
    });
  }

  private hear(message: AgentMessage): void {
    this.heard.push(message);
    if (message.type === 'REGISTER' && this.answersRegistrations) {
      const agentId = message.agent.id?.value ?? this.agentId;
      this.say({
        type: 'REGISTERED',
        agent_id: { value: agentId },
        master_id: 'master-1',
        master_hostname: 'master.test',
        ping_timeout_ms: 75_000,
      });
    }
    if (message.type === 'STATUS_UPDATE' && this.acknowledges) this.acknowledge(message.status);
  }
}

/** The framework of the tests. */
export const FRAMEWORK: FrameworkInfo = {
  user: '',
  name: 'tests',
  id: { value: 'framework-1' },
  capabilities: [{ type: 'TASK_KILLING_STATE' }],
};

/** A small executor; with volumes when they are given. */
export function makeExecutor(id: string, more: Resource[] = []): ExecutorInfo {
  return {
    type: 'DEFAULT',
    executor_id: { value: id },
    resources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } }, ...more],
  };
}

/** A persistent volume of the role "web". */
export function makeVolume(id: string, containerPath = 'data'): Resource {
  return {
    name: 'disk',
    type: 'SCALAR',
    scalar: { value: 10 },
    reservations: [{ type: 'DYNAMIC', role: 'web' }],
    disk: { persistence: { id }, volume: { mode: 'RW', container_path: containerPath } },
  };
}

/** A small task. */
export function makeTask(taskId: string, more: Partial<TaskInfo> = {}): TaskInfo {
  return {
    name: taskId,
    task_id: { value: taskId },
    agent_id: { value: 'agent-S0' },
    resources: [
      { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 }, allocation_info: { role: 'web' } },
      { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
    ],
    command: { value: 'sleep 1000' },
    ...more,
  };
}
