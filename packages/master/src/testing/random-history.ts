/** A ledger with agents and frameworks that do at random what real ones could: for the property test of the invariants. */
import type { AgentInfo, CheckpointedResources, ReportedExecutor, ReportedTask } from '@stadion/contract/agent-link';
import type { FrameworkInfo, MasterInfo } from '@stadion/contract/mesos';
import { DEFAULT_MASTER_CONFIG } from '../config.ts';
import type { LedgerInput, LedgerOutput, RegistryChange } from '../core/cluster/exchange.ts';
import { Ledger } from '../core/cluster/ledger.ts';
import type { ClusterView } from '../core/cluster/state.ts';
import { NO_SETTINGS } from '../core/settings/settings.ts';
import { checkInvariants, checkQuota } from './invariants.ts';
import {
  AGENTS,
  EXECUTOR,
  FRAMEWORKS,
  capacity,
  launchReserved,
  lentCpus,
  operationOf,
  taskInfo,
  type Step,
} from './random-steps.ts';

const MASTER: MasterInfo = {
  id: 'm',
  hostname: 'm',
  address: { hostname: 'm', ip: '10.0.0.1', port: 5050 },
  pid: 'master@10.0.0.1:5050',
  version: '1.11.0',
};
interface FakeAgent {
  id: string | undefined;
  link: number | undefined;
  readonly tasks: Map<string, ReportedTask>;
  /** By framework. */
  readonly executors: Map<string, ReportedExecutor>;
  checkpointed: CheckpointedResources | undefined;
  /** What it had before the master's last word on it. */
  earlier: CheckpointedResources | undefined;
}

/** Plays steps against a ledger, with agents and frameworks that do what real ones could. */
export class RandomHistory {
  ledger = new Ledger(MASTER, { ...DEFAULT_MASTER_CONFIG, agentReregisterTimeoutMs: 30_000 }, [], NO_SETTINGS, 0, 0);
  private elapsed = 0;
  private numbers = 0;
  private readonly agents: FakeAgent[] = Array.from({ length: AGENTS }, () => ({
    id: undefined,
    link: undefined,
    tasks: new Map(),
    executors: new Map(),
    checkpointed: undefined,
    earlier: undefined,
  }));
  private readonly frameworks: { id: string | undefined; subscription: number | undefined }[] = Array.from(
    { length: FRAMEWORKS },
    () => ({ id: undefined, subscription: undefined }),
  );
  private readonly unpersisted: RegistryChange[] = [];

  get view(): ClusterView {
    return this.ledger.view;
  }

  play(move: Step): void {
    switch (move.do) {
      case 'connect':
        this.open(move.agent);
        break;
      case 'connect-behind': {
        // The master's last word on its resources never got to its disk.
        const agent = this.agents[move.agent] as FakeAgent;
        agent.checkpointed = agent.earlier;
        this.open(move.agent);
        break;
      }
      case 'repeat-register':
        this.register(this.agents[move.agent] as FakeAgent, move.agent);
        break;
      case 'cut':
        this.fromLink(move.agent, (link) => ({ type: 'link-closed', link }));
        (this.agents[move.agent] as FakeAgent).link = undefined;
        break;
      case 'leave':
        this.fromLink(move.agent, (link) => ({ type: 'agent-message', link, message: { type: 'UNREGISTER' } }));
        break;
      case 'executors-exit':
        this.endExecutors(move);
        break;
      case 'lend': {
        const message = { type: 'OVERSUBSCRIBED' as const, resources: [lentCpus(move.cpus)] };
        this.fromLink(move.agent, (link) => ({ type: 'agent-message', link, message }));
        break;
      }
      case 'subscribe':
        this.subscribe(move.framework);
        break;
      case 'hang-up': {
        const framework = this.frameworks[move.framework];
        if (framework?.subscription === undefined) break;
        this.apply({ type: 'subscription-closed', subscription: framework.subscription });
        framework.subscription = undefined;
        break;
      }
      case 'time':
        this.elapsed += move.seconds * 1000;
        this.apply({ type: 'ping', after: 0, limit: 10 });
        this.apply({ type: 'tick' });
        break;
      case 'persist': {
        const change = this.unpersisted.shift();
        if (change !== undefined) this.apply({ type: 'registry-applied', change });
        break;
      }
      case 'settings':
        this.apply({ type: 'settings', settings: move.settings });
        break;
      case 'update':
        this.update(move);
        break;
      case 'forget-task': {
        const keys = [...(this.agents[move.agent] as FakeAgent).tasks.keys()];
        (this.agents[move.agent] as FakeAgent).tasks.delete(keys[move.task % Math.max(1, keys.length)] ?? '');
        break;
      }
      default:
        this.call(move);
    }
    while (this.ledger.allocationPending) this.apply({ type: 'allocate', limit: 2 });
  }

  private call(move: Extract<Step, { framework: number }>): void {
    const framework = this.frameworks[move.framework];
    if (framework?.id === undefined || framework.subscription === undefined) return;
    const { id, subscription } = framework;
    const known = this.view.frameworks.get(id);
    if (known === undefined) return;
    const head = { framework_id: { value: id } };
    const taskId = 'task' in move ? `t${String(move.task)}` : '';
    const task = known.tasks.get(taskId);
    const [offer] = known.offers;
    const send = (call: Extract<LedgerInput, { type: 'call' }>['call']): void => {
      this.apply({ type: 'call', subscription, call });
    };
    switch (move.do) {
      case 'accept':
        if (offer === undefined) return;
        send({
          ...head,
          type: 'ACCEPT',
          accept: {
            offer_ids: [{ value: offer.id }],
            operations: [
              {
                type: 'LAUNCH',
                launch: {
                  task_infos: [
                    {
                      ...taskInfo(taskId, offer.agent.id, move.cpus, move.port, move.isLent),
                      ...(move.isExecuted ? { executor: EXECUTOR } : {}),
                    },
                  ],
                },
              },
            ],
            filters: { refuse_seconds: move.cpus },
          },
        });
        return;
      case 'reserve':
        if (offer === undefined) return;
        send({
          ...head,
          type: 'ACCEPT',
          accept: {
            offer_ids: [{ value: offer.id }],
            operations: [
              ...move.operations.map((type) => operationOf(type, offer.role)),
              ...launchReserved(move.launch, taskId, offer.agent.id, offer.role),
            ],
          },
        });
        return;
      case 'stale-accept':
        send({
          ...head,
          type: 'ACCEPT',
          accept: {
            offer_ids: [...(offer === undefined ? [] : [{ value: offer.id }]), { value: 'm-O0' }],
            operations: [{ type: 'LAUNCH', launch: { task_infos: [taskInfo(taskId, 'x', 1, 1)] } }],
          },
        });
        return;
      case 'decline':
        if (offer !== undefined) send({ ...head, type: 'DECLINE', decline: { offer_ids: [{ value: offer.id }] } });
        return;
      case 'acknowledge':
        if (task?.statusUuid === undefined) return;
        send({
          ...head,
          type: 'ACKNOWLEDGE',
          acknowledge: { agent_id: { value: task.agentId }, task_id: { value: taskId }, uuid: task.statusUuid },
        });
        return;
      case 'kill':
        send({ ...head, type: 'KILL', kill: { task_id: { value: taskId } } });
        return;
      case 'revive':
        send({ ...head, type: 'REVIVE' });
        return;
      case 'reconcile':
        send({ ...head, type: 'RECONCILE', reconcile: { tasks: [] } });
        return;
      default:
    }
  }

  private subscribe(which: number): void {
    const framework = this.frameworks[which];
    if (framework === undefined) return;
    this.numbers += 1;
    framework.subscription = this.numbers;
    const info: FrameworkInfo = {
      user: 'u',
      name: `f${String(which)}`,
      role: `r${String(which)}`,
      failover_timeout: which === 0 ? 15 : 0,
      capabilities: which === 0 ? [{ type: 'PARTITION_AWARE' }, { type: 'REVOCABLE_RESOURCES' }] : [],
      ...(framework.id === undefined ? {} : { id: { value: framework.id } }),
    };
    this.apply({
      type: 'subscribe',
      subscription: this.numbers,
      call: {
        type: 'SUBSCRIBE',
        subscribe: { framework_info: info },
        ...(framework.id === undefined ? {} : { framework_id: { value: framework.id } }),
      },
    });
  }

  private open(which: number): void {
    const agent = this.agents[which] as FakeAgent;
    this.numbers += 1;
    agent.link = this.numbers;
    this.apply({ type: 'link-opened', link: this.numbers });
    this.register(agent, which);
  }

  private register(agent: FakeAgent, which: number): void {
    if (agent.link === undefined) return;
    const info: AgentInfo = {
      ...(agent.id === undefined ? {} : { id: { value: agent.id } }),
      hostname: `a${String(which)}`,
      ip: '10.0.0.2',
      port: 5051,
      resources: capacity(which),
      attributes: [],
      version: '1.11.0',
      containerizers: [],
    };
    const message = { type: 'REGISTER', agent: info, tasks: [...agent.tasks.values()], frameworks: [] } as const;
    this.apply({
      type: 'agent-message',
      link: agent.link,
      message: {
        ...message,
        tasks: [...message.tasks],
        frameworks: [],
        executors: [...agent.executors.values()],
        ...(agent.checkpointed === undefined ? {} : { checkpointed: agent.checkpointed }),
      },
    });
  }

  private update(move: Extract<Step, { do: 'update' }>): void {
    const agent = this.agents[move.agent] as FakeAgent;
    const keys = [...agent.tasks.keys()];
    const key = keys[move.task % Math.max(1, keys.length)];
    const task = key === undefined ? undefined : agent.tasks.get(key);
    if (key === undefined || task === undefined || agent.link === undefined) return;
    const status = {
      task_id: task.info.task_id,
      state: move.state,
      timestamp: this.elapsed / 1000,
      uuid: `${key}-${move.state}`,
      agent_id: { value: agent.id ?? '' },
    };
    agent.tasks.set(key, { ...task, state: move.state, status });
    const message = {
      type: 'STATUS_UPDATE',
      framework_id: task.framework_id,
      status,
      latest_state: move.state,
    } as const;
    for (let copy = 0; copy < (move.twice ? 2 : 1); copy += 1) {
      this.apply({ type: 'agent-message', link: agent.link, message });
    }
  }

  private endExecutors({ agent: which, isTold }: Extract<Step, { do: 'executors-exit' }>): void {
    const { executors } = this.agents[which] as FakeAgent;
    for (const { framework_id, executor } of executors.values()) {
      const message = { type: 'EXECUTOR_EXITED', framework_id, executor_id: executor.executor_id, status: 9 } as const;
      if (isTold) this.fromLink(which, (link) => ({ type: 'agent-message', link, message }));
    }
    executors.clear();
  }

  private fromLink(which: number, make: (link: number) => LedgerInput): void {
    const { link } = this.agents[which] as FakeAgent;
    if (link !== undefined) this.apply(make(link));
  }

  private apply(input: LedgerInput): void {
    const before = new Set(this.view.offers.keys());
    for (const output of this.ledger.apply(input, this.elapsed, this.elapsed)) this.carryOut(output);
    checkInvariants(this.view);
    if (input.type === 'allocate') checkQuota(this.view, before);
  }

  private carryOut(output: LedgerOutput): void {
    if (output.type === 'registry') this.unpersisted.push(output.change);
    if (output.type === 'close-link') {
      for (const agent of this.agents) if (agent.link === output.link) agent.link = undefined;
    }
    if (output.type === 'to-framework' && output.event.type === 'SUBSCRIBED') {
      const { framework_id: id } = output.event.subscribed;
      for (const framework of this.frameworks) {
        if (framework.subscription === output.subscription) framework.id = id.value;
      }
    }
    if (output.type === 'to-framework' && output.event.type === 'ERROR') {
      for (const framework of this.frameworks) {
        if (framework.subscription === output.subscription) framework.id = undefined;
      }
    }
    if (output.type !== 'to-agent') return;
    const agent = this.agents.find(({ link }) => link === output.link);
    if (agent === undefined) return;
    const { message } = output;
    if (message.type === 'REGISTERED') agent.id = message.agent_id.value;
    if (message.type === 'CHECKPOINT_RESOURCES') {
      agent.earlier = agent.checkpointed;
      agent.checkpointed = message.checkpointed;
    }
    if (message.type === 'RUN_TASKS' || message.type === 'RUN_TASK_GROUP') {
      for (const info of message.tasks) {
        const framework_id = message.framework.id ?? { value: '' };
        const executor = message.type === 'RUN_TASKS' ? info.executor : message.executor;
        if (executor?.type === 'CUSTOM') agent.executors.set(framework_id.value, { framework_id, executor });
        agent.tasks.set(`${framework_id.value}/${info.task_id.value}`, {
          framework_id,
          info,
          ...(executor === undefined ? {} : { executor }),
          state: 'TASK_STAGING',
        });
      }
    }
    if (message.type === 'ACKNOWLEDGE_STATUS_UPDATE') {
      const key = `${message.framework_id.value}/${message.task_id.value}`;
      const task = agent.tasks.get(key);
      if (task?.status?.uuid === message.uuid && task.state !== 'TASK_RUNNING') agent.tasks.delete(key);
    }
    if (message.type === 'SHUTDOWN_FRAMEWORK') {
      for (const key of [...agent.tasks.keys()]) {
        if (key.startsWith(`${message.framework_id.value}/`)) agent.tasks.delete(key);
      }
      agent.executors.delete(message.framework_id.value);
    }
  }
}
