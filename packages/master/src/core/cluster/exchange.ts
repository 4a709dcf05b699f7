/** What goes into the ledger and what comes out: the master's whole inside world as data. */
import type { ClusterSettings } from '@stadion/contract/cluster-settings';
import type { AgentInfo, AgentMessage, AgentUpkeep, MasterMessage } from '@stadion/contract/agent-link';
import type { FrameworkInfo, SchedulerCall, SchedulerEvent, TaskStatus } from '@stadion/contract/mesos';
import type { ResourceOperation } from './operations.ts';
import type { AgentRecord, FrameworkRecord, TaskRecord } from './records.ts';

/** What an agent says first over a new link. */
export type RegisterMessage = Extract<AgentMessage, { type: 'REGISTER' }>;

type SubscribeCall = Extract<SchedulerCall, { type: 'SUBSCRIBE' }>;

/** A change of the durable list of agents. Each says the whole entry. */
export type RegistryChange =
  | (AgentEntry & { readonly type: 'admit' | 'mark-unreachable' | 'mark-gone' })
  | (AgentEntry & { readonly type: 'treat'; readonly state: 'admitted' | 'unreachable' })
  | { readonly type: 'remove'; readonly id: string };

interface AgentEntry {
  readonly id: string;
  readonly info: AgentInfo;
  readonly at: number;
  readonly upkeep?: AgentUpkeep;
}

/** One entry of the durable list. `at`: since when it is in this state, milliseconds since the Unix epoch. */
export interface RegisteredAgent {
  readonly id: string;
  readonly info: AgentInfo;
  readonly state: 'admitted' | 'unreachable' | 'gone';
  readonly at: number;
  readonly upkeep?: AgentUpkeep;
}

/** What comes of asking an agent at its own address; `refused`: its machine is there, and nobody listens. */
export type ProbeAnswer = 'alive' | 'refused' | 'silent';

/** One thing that happened. Links and subscriptions are numbered by the shell, later ones higher. */
export type LedgerInput =
  | { readonly type: 'agent-message'; readonly link: number; readonly message: AgentMessage }
  | { readonly type: 'link-opened'; readonly link: number }
  | { readonly type: 'link-closed'; readonly link: number }
  | { readonly type: 'subscribe'; readonly subscription: number; readonly call: SubscribeCall }
  | {
      readonly type: 'call';
      readonly subscription: number;
      readonly call: Exclude<SchedulerCall, { type: 'SUBSCRIBE' }>;
    }
  | { readonly type: 'subscription-closed'; readonly subscription: number }
  /** The change is durable. */
  | { readonly type: 'registry-applied'; readonly change: RegistryChange }
  /** Both are answered by `order-kept` with their number. */
  | { readonly type: 'mark-agent-gone'; readonly agentId: string; readonly order: number }
  | {
      readonly type: 'treat-agent';
      readonly agentId: string;
      readonly upkeep: AgentUpkeep | undefined;
      readonly order: number;
    }
  | { readonly type: 'teardown'; readonly frameworkId: string }
  /** Answered by `operated`. */
  | { readonly type: 'operate'; readonly agentId: string; readonly operation: ResourceOperation }
  /** The settings are durable. */
  | { readonly type: 'settings'; readonly settings: ClusterSettings }
  /** Once a second: whatever waits for a time. */
  | { readonly type: 'tick' }
  | { readonly type: 'heartbeat' }
  /** An agent was asked at its own address. */
  | { readonly type: 'probed'; readonly agentId: string; readonly answer: ProbeAnswer }
  /** Pings links in the order of their numbers, starting above `after`, at most `limit`. */
  | { readonly type: 'ping'; readonly after: number; readonly limit: number }
  /** Makes offers of at most `limit` agents. */
  | { readonly type: 'allocate'; readonly limit: number }
  /** Goes on telling a framework that asked for everything. */
  | { readonly type: 'answer'; readonly frameworkId: string };

/** A change of the cluster, for those who watch it (`mesos.v1.master.Event`). Records are to be read at once. */
export type ClusterChange =
  | { readonly type: 'TASK_ADDED'; readonly task: TaskRecord }
  | { readonly type: 'TASK_UPDATED'; readonly task: TaskRecord; readonly status: TaskStatus }
  | { readonly type: 'AGENT_ADDED'; readonly agent: AgentRecord }
  | { readonly type: 'AGENT_REMOVED'; readonly agentId: string }
  | { readonly type: 'FRAMEWORK_ADDED' | 'FRAMEWORK_UPDATED'; readonly framework: FrameworkRecord }
  | { readonly type: 'FRAMEWORK_REMOVED'; readonly info: FrameworkInfo };

/** One thing to do, in this order. */
export type LedgerOutput =
  /** What is wrong with what an operator wanted, if anything is. */
  | { readonly type: 'operated'; readonly problem: string | undefined }
  /** What an operator ordered of an agent is durable, or concerns nobody. */
  | { readonly type: 'order-kept'; readonly order: number }
  | { readonly type: 'to-agent'; readonly link: number; readonly message: MasterMessage }
  | { readonly type: 'close-link'; readonly link: number }
  /** To be asked at its own address whether it lives; answered by `probed`. */
  | { readonly type: 'probe'; readonly agentId: string; readonly info: AgentInfo }
  | { readonly type: 'to-framework'; readonly subscription: number; readonly event: SchedulerEvent }
  | { readonly type: 'close-subscription'; readonly subscription: number; readonly reason: string }
  | { readonly type: 'registry'; readonly change: RegistryChange }
  /** An input that the ledger wants back in a later turn, after what else may come. */
  | { readonly type: 'later'; readonly input: LedgerInput }
  | { readonly type: 'change'; readonly change: ClusterChange }
  | {
      readonly type: 'log';
      readonly level: 'info' | 'warn';
      readonly fields: Readonly<Record<string, unknown>>;
      readonly message: string;
    };
