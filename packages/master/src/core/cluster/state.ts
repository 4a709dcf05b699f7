/** Everything that one master knows. Only the ledger's rules write to it; readers get it as a {@link ClusterView}. */
import type { MasterInfo, SchedulerEvent } from '@stadion/contract/mesos';
import type { ClusterSettings } from '@stadion/contract/cluster-settings';
import type { AgentInfo, AgentUpkeep, MasterMessage } from '@stadion/contract/agent-link';
import type { MasterConfig } from '../../config.ts';
import { AllocationQueue } from '../allocation/allocation-queue.ts';
import { RoleTree } from '../allocation/role-tree.ts';
import { Ring } from '../ring.ts';
import { NO_SETTINGS } from '../settings/settings.ts';
import { effectiveWeights } from '../settings/weights.ts';
import { Counters, count } from './counters.ts';
import type { ClusterChange, LedgerOutput, RegisterMessage, RegisteredAgent, RegistryChange } from './exchange.ts';
import { OperationTable } from './operation-table.ts';
import type {
  AgentRecord,
  FrameworkRecord,
  InverseOfferRecord,
  LinkRecord,
  OfferRecord,
  ProbeRecord,
  RecoveredAgent,
  TaskRecord,
  WaitingOrders,
} from './records.ts';

/** A registry write under way; a REGISTER that came meanwhile is handled after it. */
interface Transition {
  readonly change: RegistryChange;
  /** Numbers of the operators' orders that it carries out. */
  readonly orders: readonly number[];
  waiting: { readonly link: number; readonly message: RegisterMessage } | undefined;
}

/** The state, and the outputs of the input that is being applied. */
export class ClusterState {
  readonly master: MasterInfo;
  readonly config: MasterConfig;
  /** Whether agents can be asked at their own address. */
  hasSecondPath = false;
  /** When this master took over, milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** The same, monotonic: agents of the registry have from here on to come back. */
  readonly recoveredAt: number;
  /** Registered agents, connected or not. */
  readonly agents = new Map<string, AgentRecord>();
  /** The registered ones without a link, by when they lost it. */
  readonly disconnected = new Set<AgentRecord>();
  /** Ids of agents that missed a ping. */
  readonly silent = new Set<string>();
  /** Agents that are asked at their own address, since their links say nothing. */
  readonly probes = new Map<string, ProbeRecord>();
  probesUnderWay = 0;
  readonly recovered = new Map<string, RecoveredAgent>();
  readonly unreachable = new Map<string, RegisteredAgent>();
  readonly gone = new Map<string, RegisteredAgent>();
  /** By agent id, as the registry has it. */
  readonly upkeep = new Map<string, AgentUpkeep>();
  /** Operators' orders that are not yet on their way to the registry, by agent id. */
  readonly orders = new Map<string, WaitingOrders>();
  readonly transitions = new Map<string, Transition>();
  /** By hostname, ip and port, for agents that start over before they learnt their id. */
  readonly addresses = new Map<string, AgentRecord>();
  readonly links = new Map<number, LinkRecord>();
  readonly frameworks = new Map<string, FrameworkRecord>();
  readonly subscriptions = new Map<number, FrameworkRecord>();
  readonly completedFrameworks: Ring<FrameworkRecord>;
  /** Ids that may not subscribe again. */
  readonly removedFrameworks = new Set<string>();
  /** Oldest first. */
  readonly offers = new Map<string, OfferRecord>();
  /** Operations with an id whose end is not acknowledged, by framework and id. */
  readonly operations = new OperationTable();
  nextOperation = 0;
  /** What frameworks that asked for everything have yet to be told of, by framework id. */
  readonly answering = new Map<string, Iterator<TaskRecord>>();
  /** Frameworks that say what amounts are worth an offer. */
  readonly withOwnAmounts = new Set<string>();
  /** What operators have decided, as it is kept. */
  settings: ClusterSettings = NO_SETTINGS;
  /** By agent and framework: who was asked to leave a machine. */
  readonly inverseOffers = new Map<string, Map<string, InverseOfferRecord>>();
  /** True while quotas could not be kept because too many agents have yet to come back. */
  isAllocationPaused = false;
  readonly roles: RoleTree;
  readonly allocation = new AllocationQueue();
  readonly counters = new Counters();
  /** Agents whose removal waits because too many are silent at once. */
  removalsHeld = 0;
  /** Agents given up of late; fades with time. */
  recentRemovals = 0;
  removalsFadedAt: number;
  nextAgent = 0;
  nextFramework = 0;
  nextOffer = 0;
  /** The time of the input that is being applied: wall clock (since the Unix epoch) for records, monotonic for waiting. */
  now: number;
  elapsed: number;
  outputs: LedgerOutput[] = [];
  /** True while somebody watches: changes are told only then. */
  isWatched = false;

  constructor(master: MasterInfo, config: MasterConfig, startedAt: number, elapsed: number) {
    this.master = master;
    this.config = config;
    this.startedAt = startedAt;
    this.now = startedAt;
    this.elapsed = elapsed;
    this.recoveredAt = elapsed;
    this.removalsFadedAt = elapsed;
    this.completedFrameworks = new Ring(config.completedFrameworks);
    this.roles = new RoleTree(effectiveWeights(config.weights, NO_SETTINGS));
  }

  /** Tells an agent, if it is connected. */
  toAgent(agent: AgentRecord, message: MasterMessage): void {
    if (agent.link !== undefined) this.outputs.push({ type: 'to-agent', link: agent.link, message });
  }

  /** Tells a framework, if it is connected; events for others are dropped, as in Mesos. */
  toFramework(framework: FrameworkRecord, event: SchedulerEvent): void {
    if (framework.subscription === undefined) return;
    count(framework.counters.events, event.type);
    this.outputs.push({ type: 'to-framework', subscription: framework.subscription, event });
  }

  /** Tells those who watch the cluster. */
  tell(change: ClusterChange): void {
    if (this.isWatched) this.outputs.push({ type: 'change', change });
  }

  log(level: 'info' | 'warn', fields: Readonly<Record<string, unknown>>, message: string): void {
    this.outputs.push({ type: 'log', level, fields, message });
  }

  /** What the agent is, for any that is part of the cluster or expected back; undefined: no such agent. */
  infoOf(agentId: string): AgentInfo | undefined {
    return (this.agents.get(agentId) ?? this.recovered.get(agentId) ?? this.unreachable.get(agentId))?.info;
  }

  /**
   * Asks for a durable change; `registry-applied` follows. One per agent at a time.
   * @param orders numbers of the operators' orders that it carries out
   */
  change(wanted: RegistryChange, orders: readonly number[] = []): void {
    const upkeep = this.upkeep.get(wanted.id);
    const isSilent = wanted.type === 'remove' || wanted.type === 'treat' || upkeep === undefined;
    const change = isSilent ? wanted : { ...wanted, upkeep };
    this.transitions.set(change.id, { change, orders, waiting: undefined });
    this.outputs.push({ type: 'registry', change });
  }
}

/** The state for readers. */
export type ClusterView = Readonly<
  Pick<
    ClusterState,
    | 'master'
    | 'config'
    | 'startedAt'
    | 'agents'
    | 'disconnected'
    | 'transitions'
    | 'recovered'
    | 'unreachable'
    | 'upkeep'
    | 'links'
    | 'frameworks'
    | 'completedFrameworks'
    | 'offers'
    | 'operations'
    | 'settings'
    | 'inverseOffers'
    | 'counters'
    | 'removalsHeld'
  >
> & {
  readonly roles: Pick<RoleTree, 'total' | 'activeShares' | 'roles' | 'dominantShare'>;
};
