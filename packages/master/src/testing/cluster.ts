/** A master in virtual time with scripted agents and frameworks at its doors: what the tests of this room share. */
import { SeededRandom, assert, silentLogger } from '@stadion/base';
import { VirtualTime } from '@stadion/base/testing';
import type {
  AgentInfo,
  AgentMessage,
  CheckpointedResources,
  LinkReceiver,
  MasterMessage,
  ReportedExecutor,
  ReportedTask,
} from '@stadion/contract/agent-link';
import type {
  FrameworkInfo,
  Offer,
  OfferOperation,
  Resource,
  SchedulerCall,
  SchedulerConnection,
  SchedulerEvent,
  TaskInfo,
  TaskState,
  TaskStatus,
} from '@stadion/contract/mesos';
import { MemoryAgentRegistry, type AgentRegistry } from '../agent-registry.ts';
import type { MasterConfig } from '../config.ts';
import type { ProbeAnswer } from '../core/cluster/exchange.ts';
import { createMaster, type Master } from '../master.ts';
import { MemorySettingsRegistry } from '../settings-registry.ts';

/** Scalars in cores and MiB, ports as one range. */
export function resources(
  cpus: number,
  mem: number,
  more: { readonly disk?: number; readonly gpus?: number; readonly ports?: readonly [number, number] } = {},
): Resource[] {
  const scalar = (name: string, value: number): Resource => ({ name, type: 'SCALAR', scalar: { value } });
  const result = [scalar('cpus', cpus), scalar('mem', mem)];
  if (more.disk !== undefined) result.push(scalar('disk', more.disk));
  if (more.gpus !== undefined) result.push(scalar('gpus', more.gpus));
  if (more.ports !== undefined) {
    result.push({ name: 'ports', type: 'RANGES', ranges: { range: [{ begin: more.ports[0], end: more.ports[1] }] } });
  }
  return result;
}

/** An agent process as the master sees it. */
export class ScriptedAgent {
  readonly received: MasterMessage[] = [];
  readonly hostname: string;
  ip = '10.0.0.1';
  id: string | undefined;
  closed = false;
  answersPings = true;
  tasks: ReportedTask[] = [];
  frameworks: FrameworkInfo[] = [];
  executors: ReportedExecutor[] = [];
  /** What it keeps on its disk. */
  checkpointed: CheckpointedResources | undefined;
  /** False: CHECKPOINT_RESOURCES is lost on its way. */
  checkpoints = true;
  private receiver: LinkReceiver<AgentMessage> | undefined;
  private uuids = 0;
  private readonly cluster: Cluster;
  private readonly capacity: Resource[];

  constructor(cluster: Cluster, hostname: string, capacity: Resource[]) {
    this.cluster = cluster;
    this.hostname = hostname;
    this.capacity = capacity;
  }

  get agentId(): string {
    assert(this.id !== undefined, 'the agent is not registered');
    return this.id;
  }

  /** Opens a link (closing none) and registers over it. */
  async connect(): Promise<void> {
    this.open();
    this.register();
    await this.cluster.settle();
  }

  open(): void {
    this.closed = false;
    this.receiver = this.cluster.master.acceptor.accept({
      send: (message) => {
        this.receive(message);
      },
      close: () => {
        this.closed = true;
      },
    });
  }

  register(): void {
    const agent: AgentInfo = {
      ...(this.id === undefined ? {} : { id: { value: this.id } }),
      hostname: this.hostname,
      ip: this.ip,
      port: 5051,
      resources: this.capacity,
      attributes: [],
      version: '1.11.0',
      containerizers: ['posix'],
    };
    const { tasks, frameworks, executors } = this;
    const message = { type: 'REGISTER', agent, tasks, frameworks, executors } as const;
    this.send(this.checkpointed === undefined ? message : { ...message, checkpointed: this.checkpointed });
  }

  send(message: AgentMessage): void {
    this.receiver?.onMessage(message);
  }

  /** Breaks the link. */
  async disconnect(): Promise<void> {
    this.receiver?.onClosed();
    this.receiver = undefined;
    await this.cluster.settle();
  }

  /** Sends an update of a task; the uuid is in the answer. */
  async update(frameworkId: string, taskId: string, state: TaskState, latest: TaskState = state): Promise<TaskStatus> {
    this.uuids += 1;
    const status: TaskStatus = {
      task_id: { value: taskId },
      agent_id: { value: this.agentId },
      state,
      source: 'SOURCE_EXECUTOR',
      timestamp: this.cluster.time.now() / 1000,
      uuid: `${this.hostname}-${String(this.uuids)}`,
    };
    this.send({ type: 'STATUS_UPDATE', framework_id: { value: frameworkId }, status, latest_state: latest });
    await this.cluster.settle();
    return status;
  }

  /** Everything received of one type. */
  of<Type extends MasterMessage['type']>(type: Type): Extract<MasterMessage, { type: Type }>[] {
    return this.received.filter((message): message is Extract<MasterMessage, { type: Type }> => message.type === type);
  }

  private receive(message: MasterMessage): void {
    this.received.push(message);
    if (message.type === 'REGISTERED') this.id = message.agent_id.value;
    if (message.type === 'CHECKPOINT_RESOURCES' && this.checkpoints) this.checkpointed = message.checkpointed;
    if (message.type === 'PING' && this.answersPings) {
      this.send({ type: 'PONG', checkpointed_version: this.checkpointed?.version ?? 0 });
    }
  }
}

/** A framework that keeps what it hears. */
export class ScriptedFramework {
  readonly events: SchedulerEvent[] = [];
  readonly closed: string[] = [];
  info: FrameworkInfo;
  private readonly cluster: Cluster;
  private connection: SchedulerConnection | undefined;

  constructor(cluster: Cluster, info: FrameworkInfo) {
    this.cluster = cluster;
    this.info = info;
  }

  get id(): string {
    assert(this.info.id !== undefined, 'the framework is not subscribed');
    return this.info.id.value;
  }

  async subscribe(suppressedRoles: string[] = []): Promise<void> {
    this.connect(suppressedRoles);
    await this.cluster.settle();
  }

  /** Asks for a subscription, and does not wait for it. */
  connect(suppressedRoles: string[] = []): void {
    this.connection ??= this.cluster.master.connect();
    this.connection.subscribe(
      {
        type: 'SUBSCRIBE',
        ...(this.info.id === undefined ? {} : { framework_id: this.info.id }),
        subscribe: { framework_info: this.info, suppressed_roles: suppressedRoles },
      },
      {
        onEvent: (event) => {
          this.events.push(event);
          if (event.type === 'SUBSCRIBED') this.info = { ...this.info, id: event.subscribed.framework_id };
        },
        onClosed: (reason) => {
          this.closed.push(reason);
        },
      },
    );
  }

  /** Goes to the master that runs now. */
  reconnect(): void {
    this.connection = undefined;
  }

  async close(): Promise<void> {
    this.connection?.close();
    await this.cluster.settle();
  }

  async send(call: SchedulerCall): Promise<void> {
    assert(call.type !== 'SUBSCRIBE', 'subscribe() subscribes');
    this.connection?.send(call);
    await this.cluster.settle();
  }

  async accept(offer: Offer, tasks: TaskInfo[], refuseSeconds = 0): Promise<void> {
    await this.operate(offer, [{ type: 'LAUNCH', launch: { task_infos: tasks } }], refuseSeconds);
  }

  async operate(offer: Offer, operations: OfferOperation[], refuseSeconds = 0): Promise<void> {
    await this.send({
      type: 'ACCEPT',
      framework_id: { value: this.id },
      accept: {
        offer_ids: [offer.id],
        operations,
        filters: { refuse_seconds: refuseSeconds },
      },
    });
  }

  async decline(offers: Offer[], refuseSeconds?: number): Promise<void> {
    await this.send({
      type: 'DECLINE',
      framework_id: { value: this.id },
      decline: {
        offer_ids: offers.map(({ id }) => id),
        ...(refuseSeconds === undefined ? {} : { filters: { refuse_seconds: refuseSeconds } }),
      },
    });
  }

  async acknowledge(status: TaskStatus): Promise<void> {
    assert(status.uuid !== undefined && status.agent_id !== undefined, 'only updates with a uuid are acknowledged');
    await this.send({
      type: 'ACKNOWLEDGE',
      framework_id: { value: this.id },
      acknowledge: { agent_id: status.agent_id, task_id: status.task_id, uuid: status.uuid },
    });
  }

  async kill(taskId: string, agentId?: string): Promise<void> {
    await this.send({
      type: 'KILL',
      framework_id: { value: this.id },
      kill: { task_id: { value: taskId }, ...(agentId === undefined ? {} : { agent_id: { value: agentId } }) },
    });
  }

  /** Offers that came and were not rescinded, oldest first. */
  offers(): Offer[] {
    const offers = new Map<string, Offer>();
    for (const event of this.events) {
      if (event.type === 'OFFERS') for (const offer of event.offers.offers) offers.set(offer.id.value, offer);
      if (event.type === 'RESCIND') offers.delete(event.rescind.offer_id.value);
    }
    return [...offers.values()];
  }

  /** The newest offer. */
  lastOffer(): Offer {
    const offer = this.offers().at(-1);
    assert(offer !== undefined, 'there is no offer');
    return offer;
  }

  /** Statuses that came. */
  statuses(taskId?: string): TaskStatus[] {
    return this.events.flatMap((event) =>
      event.type === 'UPDATE' && (taskId === undefined || event.update.status.task_id.value === taskId)
        ? [event.update.status]
        : [],
    );
  }

  /** The newest status of a task. */
  lastStatus(taskId: string): TaskStatus {
    const status = this.statuses(taskId).at(-1);
    assert(status !== undefined, `there is no status of ${taskId}`);
    return status;
  }
}

/** The stage. */
export class Cluster {
  readonly time = new VirtualTime();
  readonly registry: AgentRegistry;
  private readonly settings = new MemorySettingsRegistry();
  master: Master;
  /** Hostnames of agents that answer at their own address; undefined: nobody is asked there. */
  private readonly answering: ReadonlySet<string> | undefined;
  /** Who was asked there. */
  readonly asked: string[] = [];
  /** Hostnames of machines that give no sign of life. */
  readonly machinesOff = new Set<string>();
  private readonly config: Partial<MasterConfig>;
  private masters = 0;

  private constructor(
    config: Partial<MasterConfig>,
    registry: AgentRegistry,
    answering: ReadonlySet<string> | undefined,
  ) {
    this.answering = answering;
    this.config = config;
    this.registry = registry;
    this.master = this.newMaster();
  }

  static async start(
    config: Partial<MasterConfig> = {},
    registry: AgentRegistry = new MemoryAgentRegistry(),
    answering?: ReadonlySet<string>,
  ): Promise<Cluster> {
    const cluster = new Cluster(config, registry, answering);
    await cluster.master.start();
    return cluster;
  }

  /** The master dies and another one takes over with the same registry; agents and frameworks must come by themselves. */
  async restartMaster(): Promise<void> {
    await this.master.stop();
    await this.settle();
    this.master = this.newMaster();
    await this.master.start();
  }

  async agent(
    hostname: string,
    capacity: Resource[] = resources(4, 4096, { ports: [31000, 31099] }),
  ): Promise<ScriptedAgent> {
    const agent = new ScriptedAgent(this, hostname, capacity);
    await agent.connect();
    return agent;
  }

  async framework(info: Partial<FrameworkInfo> = {}, suppressedRoles: string[] = []): Promise<ScriptedFramework> {
    const framework = new ScriptedFramework(this, {
      user: 'nobody',
      name: 'test',
      failover_timeout: 60,
      capabilities: [{ type: 'PARTITION_AWARE' }],
      ...info,
    });
    await framework.subscribe(suppressedRoles);
    return framework;
  }

  /** Lets messages arrive and pending allocations run. */
  async settle(): Promise<void> {
    await this.time.advance(20);
  }

  /** Another master, not started. */
  unstartedMaster(): Master {
    return this.newMaster();
  }

  private newMaster(): Master {
    this.masters += 1;
    const { answering } = this;
    const probeAgent = async ({ hostname }: AgentInfo): Promise<ProbeAnswer> => {
      this.asked.push(hostname);
      if (this.machinesOff.has(hostname)) return 'silent';
      return answering?.has(hostname) === true ? 'alive' : 'refused';
    };
    return createMaster({
      ...(answering !== undefined && { probeAgent }),
      registry: this.registry,
      settings: this.settings,
      clock: this.time,
      timers: this.time,
      random: new SeededRandom(`master-${String(this.masters)}`),
      log: silentLogger,
      info: { hostname: 'master.test', ip: '10.0.0.100', port: 5050, version: '1.11.0', clusterName: 'test' },
      config: this.config,
    });
  }
}

/** A small task for an agent. */
export function task(id: string, agentId: string, needs: Resource[] = resources(1, 128)): TaskInfo {
  return {
    name: id,
    task_id: { value: id },
    agent_id: { value: agentId },
    resources: needs,
    command: { value: 'sleep 1000' },
  };
}
