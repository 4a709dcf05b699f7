/** A small master with agents for the engine's tests: real enough to launch, report, kill, reconcile and lose contact. */
import type { Clock, Timers } from '@stadion/base';
import {
  isTerminal,
  launchedTasks,
  type HealthResult,
  type ReadinessResult,
  type SchedulerCall,
  type SchedulerConnection,
  type SchedulerEvent,
  type TaskInfo,
  type TaskState,
  type TaskStatus,
} from '@stadion/contract/mesos';
import { FakeOffers, type FakeAgent } from './fake-offers.ts';
import type { TaskScript } from './task-script.ts';

export interface FakeTask {
  readonly info: TaskInfo;
  readonly agentId: string;
  state: TaskState;
  health: HealthResult[] | undefined;
  readiness: ReadinessResult[] | undefined;
}

type Receiver = Parameters<SchedulerConnection['subscribe']>[1];

/** Outlives the engines that connect to it, as a real one does. */
export class FakeMaster {
  readonly tasks = new Map<string, FakeTask>();
  readonly offers: FakeOffers;
  /** Every call received, by type. */
  readonly calls: SchedulerCall[] = [];
  /** Ids of tasks in the order of their launch, dead ones included. */
  readonly launched: string[] = [];
  script: (task: TaskInfo) => TaskScript = () => ({ kind: 'run' });
  killMs = 10;
  /** How many launches were. */
  refused = 0;
  /** Takes subscriptions, and says nothing more. */
  isDeaf = false;
  private readonly time: Clock & Timers;
  private readonly unacknowledged = new Map<string, TaskStatus>();
  private readonly awaited = new Set<string>();
  private receiver: Receiver | undefined;
  private frameworkId: string | undefined;
  private sequence = 0;

  constructor(time: Clock & Timers, options: { readonly agents: number; readonly cpus: number }) {
    this.time = time;
    this.offers = new FakeOffers(options, {
      time,
      frameworkId: () => (this.receiver === undefined ? undefined : (this.frameworkId ?? '')),
      usedCpus: (agent) => this.usedCpus(agent),
      deliver: (event) => {
        this.deliver(event);
      },
    });
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
  end(taskId: string, state: TaskState, message = '', reason?: TaskStatus['reason']): void {
    const task = this.tasks.get(taskId);
    if (task === undefined || isTerminal(task.state)) return;
    this.report(task, state, { message, ...(reason !== undefined && { reason }) });
    this.offers.makeSoon();
  }

  /** An agent comes with a task that nobody launched. @param isTold false: only whoever asks hears of it */
  inventTask(taskId: string, agentIndex: number, isTold = true): void {
    const agentId = `agent-${String(agentIndex)}`;
    const info: TaskInfo = { name: 'x', task_id: { value: taskId }, agent_id: { value: agentId }, resources: [] };
    const task: FakeTask = { info, agentId, state: 'TASK_RUNNING', health: undefined, readiness: undefined };
    this.tasks.set(taskId, task);
    if (isTold) this.report(task, 'TASK_RUNNING', {});
  }

  /** Tells of a task, as a master or an agent that knows no better would; what becomes of it is another matter. */
  say(taskId: string, state: TaskState, more: Partial<TaskStatus>): void {
    const task = this.tasks.get(taskId);
    if (task === undefined) return;
    this.deliver({ type: 'UPDATE', update: { status: this.statusOf(task, state, more) } });
  }

  loseAgent(index: number): void {
    const agent = this.offers.agents[index];
    if (agent === undefined) return;
    agent.isReachable = false;
    this.offers.rescind(agent.id);
    for (const task of this.tasks.values()) {
      if (task.agentId === agent.id && !isTerminal(task.state)) this.tell(task, 'TASK_UNREACHABLE');
    }
  }

  /** As after a change of masters: nothing is said of an agent until it comes back. */
  awaitAgent(index: number): void {
    const agent = this.offers.agents[index];
    if (agent === undefined) return;
    agent.isReachable = false;
    this.awaited.add(agent.id);
  }

  returnAgent(index: number): void {
    const agent = this.offers.agents[index];
    if (agent === undefined) return;
    agent.isReachable = true;
    this.awaited.delete(agent.id);
    for (const task of this.tasks.values()) {
      if (task.agentId === agent.id && !isTerminal(task.state)) this.tell(task, task.state);
    }
    this.offers.makeSoon();
  }

  private subscribed(receiver: Receiver, frameworkId: string | undefined): void {
    this.receiver = receiver;
    this.frameworkId = frameworkId ?? this.frameworkId ?? 'framework-1';
    this.offers.clear();
    this.offers.revive();
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
    this.offers.makeSoon();
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
          this.offers.decline(value, call.decline.filters?.refuse_seconds ?? 5);
        }
        this.offers.makeSoon();
        break;
      case 'REVIVE':
        this.offers.revive();
        this.offers.makeSoon();
        break;
      case 'SUPPRESS':
        this.offers.suppress(call.suppress?.roles);
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
    const agent = this.offers.take(call.accept.offer_ids[0]?.value ?? '');
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
      if (this.script(info).kind === 'refuse') {
        this.refused += 1;
        this.tell(task, 'TASK_ERROR', 'REASON_TASK_INVALID', 'Task uses more resources than there are');
        continue;
      }
      if (this.tasks.has(taskId)) throw new Error(`task ${taskId} was launched twice`);
      this.launched.push(taskId);
      this.tasks.set(taskId, task);
      if (this.usedCpus(agent) > agent.cpus + 1e-6) throw new Error(`${agent.id} is charged more than it has`);
      this.perform(task);
    }
    this.offers.makeSoon();
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
    const agent = this.offers.agent(task.agentId);
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
  private tell(
    task: FakeTask,
    state: TaskState,
    reason: TaskStatus['reason'] = 'REASON_RECONCILIATION',
    message?: string,
  ): void {
    if (this.awaited.has(task.agentId)) return;
    const agent = this.offers.agent(task.agentId);
    const shown = agent?.isReachable === false && !isTerminal(state) ? 'TASK_UNREACHABLE' : state;
    this.deliver({
      type: 'UPDATE',
      update: { status: this.statusOf(task, shown, { reason, ...(message !== undefined && { message }) }) },
    });
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
}
