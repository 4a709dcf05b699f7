/** A small master with agents for the engine's tests: real enough to launch, report, kill, reconcile and lose contact. Long because it is all of them in one. */
import type { Clock, TimerHandle, Timers } from '@stadion/base';
import {
  isTerminal,
  launchedTasks,
  type HealthResult,
  type Offer,
  type ReadinessResult,
  type SchedulerCall,
  type SchedulerConnection,
  type SchedulerEvent,
  type TaskInfo,
  type TaskState,
  type TaskStatus,
} from '@stadion/contract/mesos';
import type { TaskScript } from './task-script.ts';

export interface FakeTask {
  readonly info: TaskInfo;
  readonly agentId: string;
  state: TaskState;
  health: HealthResult[] | undefined;
  readiness: ReadinessResult[] | undefined;
}

interface FakeAgent {
  readonly id: string;
  readonly cpus: number;
  readonly attributes: Offer['attributes'];
  isReachable: boolean;
  refusedUntil: number;
}

type Receiver = Parameters<SchedulerConnection['subscribe']>[1];

/** Outlives the engines that connect to it, as a real one does. */
export class FakeMaster {
  readonly tasks = new Map<string, FakeTask>();
  /** Every call received, by type. */
  readonly calls: SchedulerCall[] = [];
  /** Ids of tasks in the order of their launch, dead ones included. */
  readonly launched: string[] = [];
  script: (task: TaskInfo) => TaskScript = () => ({ kind: 'run' });
  killMs = 10;
  private readonly withheld = new Set<string>();
  /** The role that everything is offered in. */
  role = '*';
  /** Takes subscriptions, and says nothing more. */
  isDeaf = false;
  private readonly time: Clock & Timers;
  private readonly agents: FakeAgent[];
  private readonly offers = new Map<string, FakeAgent>();
  private readonly unacknowledged = new Map<string, TaskStatus>();
  private receiver: Receiver | undefined;
  private frameworkId: string | undefined;
  private isSuppressed = false;
  private allocation: TimerHandle | undefined;
  private sequence = 0;

  constructor(time: Clock & Timers, options: { readonly agents: number; readonly cpus: number }) {
    this.time = time;
    this.agents = Array.from({ length: options.agents }, (_, index) => ({
      id: `agent-${String(index)}`,
      cpus: options.cpus,
      attributes: [{ name: 'rack', type: 'TEXT', text: { value: `rack-${String(index % 2)}` } }],
      isReachable: true,
      refusedUntil: 0,
    }));
  }

  /** A connection for one engine; a later one supersedes it. */
  connect(): SchedulerConnection {
    let own: Receiver | undefined;
    return {
      subscribe: (call, receiver) => {
        own = receiver;
        this.calls.push(call);
        this.time.after(1, () => {
          if (own === receiver) this.subscribed(receiver, call.framework_id?.value);
        });
      },
      send: (call) => {
        this.calls.push(call);
        this.time.after(1, () => {
          if (own !== undefined && own === this.receiver) this.handle(call);
        });
      },
      close: () => {
        if (own === this.receiver) this.receiver = undefined;
        own = undefined;
        this.offers.clear();
      },
    };
  }

  /** Tasks that are alive, of one app when its safe id is given. */
  alive(safeId?: string): FakeTask[] {
    return [...this.tasks.values()].filter(
      (task) =>
        !isTerminal(task.state) && (safeId === undefined || task.info.task_id.value.startsWith(`${safeId}.instance-`)),
    );
  }

  /** Offers nothing of an agent any more. */
  withhold(agentId: string): void {
    this.withheld.add(agentId);
    for (const [id, agent] of [...this.offers]) {
      if (agent.id !== agentId) continue;
      this.offers.delete(id);
      this.deliver({ type: 'RESCIND', rescind: { offer_id: { value: id } } });
    }
  }

  /** Cuts the connection. */
  disconnect(): void {
    const { receiver } = this;
    this.receiver = undefined;
    this.offers.clear();
    receiver?.onClosed('cut by the test');
  }

  setHealth(taskId: string, results: HealthResult[], ready?: ReadinessResult[]): void {
    const task = this.tasks.get(taskId);
    if (task === undefined || isTerminal(task.state)) return;
    task.health = results;
    if (ready !== undefined) task.readiness = ready;
    this.report(task, task.state, { reason: 'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED' });
  }

  /** Ends a task as if its process had. */
  end(taskId: string, state: TaskState, message = ''): void {
    const task = this.tasks.get(taskId);
    if (task === undefined || isTerminal(task.state)) return;
    this.report(task, state, { message });
    this.allocateSoon();
  }

  /** An agent comes with a task that nobody launched. @param isTold false: only whoever asks hears of it */
  inventTask(taskId: string, agentIndex: number, isTold = true): void {
    const agentId = `agent-${String(agentIndex)}`;
    const info: TaskInfo = { name: 'x', task_id: { value: taskId }, agent_id: { value: agentId }, resources: [] };
    const task: FakeTask = { info, agentId, state: 'TASK_RUNNING', health: undefined, readiness: undefined };
    this.tasks.set(taskId, task);
    if (isTold) this.report(task, 'TASK_RUNNING', {});
  }

  loseAgent(index: number): void {
    const agent = this.agents[index];
    if (agent === undefined) return;
    agent.isReachable = false;
    for (const [id, holder] of this.offers) {
      if (holder !== agent) continue;
      this.offers.delete(id);
      this.deliver({ type: 'RESCIND', rescind: { offer_id: { value: id } } });
    }
    for (const task of this.tasks.values()) {
      if (task.agentId === agent.id && !isTerminal(task.state)) this.tell(task, 'TASK_UNREACHABLE');
    }
  }

  returnAgent(index: number): void {
    const agent = this.agents[index];
    if (agent === undefined) return;
    agent.isReachable = true;
    for (const task of this.tasks.values()) {
      if (task.agentId === agent.id && !isTerminal(task.state)) this.tell(task, task.state);
    }
    this.allocateSoon();
  }

  private subscribed(receiver: Receiver, frameworkId: string | undefined): void {
    this.receiver = receiver;
    this.frameworkId = frameworkId ?? this.frameworkId ?? 'framework-1';
    this.isSuppressed = false;
    this.offers.clear();
    for (const agent of this.agents) agent.refusedUntil = 0;
    this.deliver({
      type: 'SUBSCRIBED',
      subscribed: {
        framework_id: { value: this.frameworkId },
        heartbeat_interval_seconds: 15,
        master_info: {
          id: 'master-1',
          hostname: 'localhost',
          address: { hostname: 'localhost', ip: '127.0.0.1', port: 5050 },
          pid: 'master@127.0.0.1:5050',
          version: '1.11.0',
        },
      },
    });
    if (this.isDeaf) return;
    for (const status of this.unacknowledged.values()) this.deliver({ type: 'UPDATE', update: { status } });
    this.allocateSoon();
  }

  private deliver(event: SchedulerEvent): void {
    const { receiver } = this;
    this.time.after(1, () => {
      if (receiver === this.receiver) receiver?.onEvent(event);
    });
  }

  private handle(call: SchedulerCall): void {
    if (this.isDeaf) return;
    switch (call.type) {
      case 'ACCEPT':
        this.accept(call);
        break;
      case 'DECLINE':
        for (const { value } of call.decline.offer_ids) {
          const agent = this.offers.get(value);
          this.offers.delete(value);
          const seconds = call.decline.filters?.refuse_seconds ?? 5;
          if (agent !== undefined) agent.refusedUntil = this.time.now() + seconds * 1000;
          this.time.after(seconds * 1000, () => {
            this.allocateSoon();
          });
        }
        this.allocateSoon();
        break;
      case 'REVIVE':
        this.isSuppressed = false;
        for (const agent of this.agents) agent.refusedUntil = 0;
        this.allocateSoon();
        break;
      case 'SUPPRESS':
        if (call.suppress?.roles?.includes(this.role) !== false) this.isSuppressed = true;
        break;
      case 'KILL':
        this.kill(call.kill.task_id.value);
        break;
      case 'ACKNOWLEDGE':
        this.unacknowledged.delete(call.acknowledge.uuid);
        break;
      case 'RECONCILE':
        this.reconcile(call.reconcile.tasks.map((task) => task.task_id.value));
        break;
      case 'SUBSCRIBE':
      case 'TEARDOWN':
      case 'ACCEPT_INVERSE_OFFERS':
      case 'DECLINE_INVERSE_OFFERS':
      case 'UPDATE_FRAMEWORK':
      case 'MESSAGE':
      case 'SHUTDOWN':
      case 'REQUEST':
      case 'RECONCILE_OPERATIONS':
      case 'ACKNOWLEDGE_OPERATION_STATUS':
        break;
    }
  }

  private accept(call: Extract<SchedulerCall, { type: 'ACCEPT' }>): void {
    const offerId = call.accept.offer_ids[0]?.value ?? '';
    const agent = this.offers.get(offerId);
    this.offers.delete(offerId);
    for (const info of call.accept.operations.flatMap(launchedTasks)) {
      const taskId = info.task_id.value;
      const task: FakeTask = {
        info,
        agentId: info.agent_id.value,
        state: 'TASK_STAGING',
        health: undefined,
        readiness: undefined,
      };
      if (agent === undefined) {
        this.tell(task, 'TASK_DROPPED', 'REASON_INVALID_OFFERS');
        continue;
      }
      if (this.tasks.has(taskId)) throw new Error(`task ${taskId} was launched twice`);
      this.launched.push(taskId);
      this.tasks.set(taskId, task);
      if (this.usedCpus(agent) > agent.cpus + 1e-6) throw new Error(`${agent.id} is charged more than it has`);
      this.perform(task);
    }
    this.allocateSoon();
  }

  private perform(task: FakeTask): void {
    const script = this.script(task.info);
    if (script.kind === 'silent') return;
    this.time.after(script.startMs ?? 5, () => {
      if (isTerminal(task.state)) return;
      this.report(task, 'TASK_RUNNING', {});
      if (script.kind === 'run') return;
      this.time.after(script.lifeMs ?? 5, () => {
        const state = script.kind === 'fail' ? 'TASK_FAILED' : 'TASK_FINISHED';
        this.end(task.info.task_id.value, state, 'Command exited with status 1');
      });
    });
  }

  private kill(taskId: string): void {
    const task = this.tasks.get(taskId);
    if (task === undefined || isTerminal(task.state)) {
      this.reconcile([taskId]);
      return;
    }
    const agent = this.agents.find(({ id }) => id === task.agentId);
    if (agent?.isReachable === false) return;
    this.time.after(this.killMs, () => {
      this.end(taskId, 'TASK_KILLED');
    });
  }

  private reconcile(taskIds: readonly string[]): void {
    if (taskIds.length === 0) {
      for (const task of this.alive()) this.tell(task, task.state);
      return;
    }
    for (const taskId of taskIds) {
      const task = this.tasks.get(taskId);
      const stranger: FakeTask = {
        info: { name: '', task_id: { value: taskId }, agent_id: { value: 'agent-0' }, resources: [] },
        agentId: 'agent-0',
        state: 'TASK_GONE',
        health: undefined,
        readiness: undefined,
      };
      this.tell(task ?? stranger, task?.state ?? 'TASK_GONE');
    }
  }

  /** A status of the agent, told until it is acknowledged. */
  private report(task: FakeTask, state: TaskState, more: Partial<TaskStatus>): void {
    task.state = state;
    this.sequence += 1;
    const uuid = `uuid-${String(this.sequence)}`;
    const status = this.statusOf(task, state, { ...more, uuid });
    this.unacknowledged.set(uuid, status);
    this.deliver({ type: 'UPDATE', update: { status } });
  }

  /** A status of the master, told once. An unreachable agent's tasks are shown so. */
  private tell(task: FakeTask, state: TaskState, reason: TaskStatus['reason'] = 'REASON_RECONCILIATION'): void {
    const agent = this.agents.find(({ id }) => id === task.agentId);
    const shown = agent?.isReachable === false && !isTerminal(state) ? 'TASK_UNREACHABLE' : state;
    this.deliver({ type: 'UPDATE', update: { status: this.statusOf(task, shown, { reason }) } });
  }

  private statusOf(task: FakeTask, state: TaskState, more: Partial<TaskStatus>): TaskStatus {
    return {
      task_id: task.info.task_id,
      agent_id: { value: task.agentId },
      state,
      timestamp: this.time.now() / 1000,
      ...(task.health && { health_results: task.health }),
      ...(task.readiness && { readiness_results: task.readiness }),
      ...more,
    };
  }

  private usedCpus(agent: FakeAgent): number {
    let used = 0;
    for (const task of this.tasks.values()) {
      if (task.agentId !== agent.id || isTerminal(task.state)) continue;
      used += task.info.resources.find(({ name }) => name === 'cpus')?.scalar?.value ?? 0;
    }
    return used;
  }

  private allocateSoon(): void {
    this.allocation ??= this.time.after(1, () => {
      this.allocation = undefined;
      this.allocate();
    });
  }

  private allocate(): void {
    if (this.receiver === undefined || this.isSuppressed) return;
    const held = new Set(this.offers.values());
    const offers: Offer[] = [];
    for (const agent of this.agents) {
      const free = agent.cpus - this.usedCpus(agent);
      if (
        held.has(agent) ||
        !agent.isReachable ||
        this.withheld.has(agent.id) ||
        agent.refusedUntil > this.time.now() ||
        free < 0.001
      ) {
        continue;
      }
      this.sequence += 1;
      const id = `offer-${String(this.sequence)}`;
      this.offers.set(id, agent);
      offers.push({
        id: { value: id },
        framework_id: { value: this.frameworkId ?? '' },
        agent_id: { value: agent.id },
        hostname: `host-${agent.id}`,
        resources: [
          { name: 'cpus', type: 'SCALAR', scalar: { value: free } },
          { name: 'mem', type: 'SCALAR', scalar: { value: 100_000 } },
          { name: 'disk', type: 'SCALAR', scalar: { value: 100_000 } },
          { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 31_000, end: 32_000 }] } },
        ],
        attributes: agent.attributes,
        allocation_info: { role: this.role },
      });
    }
    if (offers.length > 0) this.deliver({ type: 'OFFERS', offers: { offers } });
  }
}
