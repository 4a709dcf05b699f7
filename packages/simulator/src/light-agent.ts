/**
 * An agent reduced to its protocol: every task runs at once and until killed. Thousands fit into one process, so that
 * the control plane can be measured at the size of a data centre. For faults and recovery use the real agent.
 */
import { Mailbox, type Clock, type Timers } from '@stadion/base';
import type {
  AgentAcceptor,
  AgentInfo,
  AgentMessage,
  LinkReceiver,
  MasterMessage,
  ReportedTask,
} from '@stadion/contract/agent-link';
import type { FrameworkInfo, IdValue, Resource, TaskInfo, TaskState, TaskStatus } from '@stadion/contract/mesos';

/** What a light agent offers, in cores and MiB. */
export interface LightAgentShape {
  readonly hostname: string;
  readonly cpus: number;
  readonly mem: number;
  readonly disk: number;
  /** Inclusive range of host ports. */
  readonly ports: readonly [number, number];
  readonly rack?: string;
}

/** One simulated machine. */
export class LightAgent {
  private readonly shape: LightAgentShape;
  private readonly time: Clock & Timers;
  private agentId: IdValue | undefined;
  private outbox: Mailbox<AgentMessage> | undefined;
  /** By task id, as it will be reported to another master. */
  private readonly running = new Map<string, { readonly info: TaskInfo; readonly framework: FrameworkInfo }>();
  private sequence = 0;

  constructor(shape: LightAgentShape, time: Clock & Timers) {
    this.shape = shape;
    this.time = time;
  }

  /** Whether the master has taken it. */
  get registered(): boolean {
    return this.agentId !== undefined;
  }

  /** How many tasks run here. */
  get taskCount(): number {
    return this.running.size;
  }

  /** Opens a link to the master and registers, with what runs here; again after a change of master. */
  connect(acceptor: AgentAcceptor): void {
    const inbox = new Mailbox<MasterMessage>(this.time, (message) => {
      this.receive(message);
    });
    const master: LinkReceiver<AgentMessage> = acceptor.accept({
      send: (message) => {
        inbox.post(message);
      },
      close: () => {
        inbox.close();
      },
    });
    this.outbox = new Mailbox<AgentMessage>(this.time, (message) => {
      master.onMessage(message);
    });
    const frameworks = new Set<FrameworkInfo>();
    const tasks: ReportedTask[] = [];
    for (const { info, framework } of this.running.values()) {
      frameworks.add(framework);
      tasks.push({ framework_id: framework.id ?? { value: '' }, info, state: 'TASK_RUNNING' });
    }
    const id = this.agentId === undefined ? {} : { id: this.agentId };
    this.outbox.post({ type: 'REGISTER', agent: { ...this.info(), ...id }, tasks, frameworks: [...frameworks] });
  }

  private receive(message: MasterMessage): void {
    switch (message.type) {
      case 'REGISTERED':
        this.agentId = message.agent_id;
        return;
      case 'PING':
        this.outbox?.post({ type: 'PONG' });
        return;
      case 'RUN_TASKS':
        for (const task of message.tasks) {
          if (this.running.has(task.task_id.value)) continue;
          this.running.set(task.task_id.value, { info: withoutCommand(task), framework: message.framework });
          this.report(message.framework.id ?? { value: '' }, task.task_id, 'TASK_RUNNING');
        }
        return;
      case 'KILL_TASK':
        this.running.delete(message.task_id.value);
        this.report(message.framework_id, message.task_id, 'TASK_KILLED');
        return;
      case 'SHUTDOWN_FRAMEWORK':
        this.running.clear();
        return;
      case 'ACKNOWLEDGE_STATUS_UPDATE':
      case 'CHECKPOINT_RESOURCES':
      case 'RESUME_UPDATES':
      case 'RUN_TASK_GROUP':
      case 'FRAMEWORK_MESSAGE':
      case 'SHUTDOWN_EXECUTOR':
      case 'REJECTED':
        return;
    }
  }

  private report(frameworkId: IdValue, taskId: IdValue, state: TaskState): void {
    const status: TaskStatus = {
      task_id: taskId,
      state,
      source: 'SOURCE_EXECUTOR',
      timestamp: this.time.now() / 1000,
      uuid: this.nextUuid(),
      ...(this.agentId === undefined ? {} : { agent_id: this.agentId }),
    };
    this.outbox?.post({ type: 'STATUS_UPDATE', framework_id: frameworkId, status, latest_state: state });
  }

  /** Sixteen bytes, base64; unique for this agent, which is all that acknowledgement needs. */
  private nextUuid(): string {
    this.sequence += 1;
    return `${this.sequence.toString(36).padStart(22, 'A')}==`;
  }

  private info(): AgentInfo {
    const { shape } = this;
    const scalar = (name: string, value: number): Resource => ({ name, type: 'SCALAR', scalar: { value } });
    return {
      hostname: shape.hostname,
      ip: '127.0.0.1',
      port: 5051,
      resources: [
        scalar('cpus', shape.cpus),
        scalar('mem', shape.mem),
        scalar('disk', shape.disk),
        { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: shape.ports[0], end: shape.ports[1] }] } },
      ],
      attributes: shape.rack === undefined ? [] : [{ name: 'rack', type: 'TEXT', text: { value: shape.rack } }],
      version: '1.11.0',
      containerizers: ['posix'],
    };
  }
}

/** A task as it is reported after a reconnect: without its command, which no master needs and which is half of its size. */
function withoutCommand({ command: _command, ...info }: TaskInfo): TaskInfo {
  return info;
}
