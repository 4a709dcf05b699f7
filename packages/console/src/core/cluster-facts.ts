/** The cluster in numbers: what there is, who holds what of it, and how tasks are. */
import type { MetricsSnapshot, StateSlave, StateSummary, SummaryFramework } from '@stadion/contract/mesos-state';
import type { FrameworksAnswer } from '@stadion/contract/mesos-operator';

/** Scalar resources, by their names. Memory and disk in MiB. */
export const SCALARS = ['cpus', 'mem', 'disk', 'gpus'] as const;
export type Scalar = (typeof SCALARS)[number];

/** How much of something is where. */
export interface ResourceFacts {
  readonly name: Scalar;
  readonly total: number;
  /** Held by tasks. */
  readonly allocated: number;
  readonly offered: number;
  /** Neither held nor offered. */
  readonly idle: number;
  /** Set aside for roles, whether held or not. */
  readonly reserved: number;
}

type Resources = Readonly<Record<string, number | string>>;

/** The amount of a scalar resource. */
export function amountOf(resources: Resources, name: Scalar): number {
  const value = resources[name];
  return typeof value === 'number' ? value : 0;
}

/** Sums over all agents that are there; kinds that no agent has are left out. */
export function resourceFacts(slaves: readonly StateSlave[]): readonly ResourceFacts[] {
  return SCALARS.map((name) => {
    const sum = (of: (slave: StateSlave) => Resources): number =>
      slaves.reduce((total, slave) => total + amountOf(of(slave), name), 0);
    const total = sum(({ resources }) => resources);
    const allocated = sum(({ used_resources }) => used_resources);
    const offered = sum(({ offered_resources }) => offered_resources);
    const reserved = slaves.reduce(
      (all, { reserved_resources = {} }) =>
        all + Object.values(reserved_resources).reduce((held, resources) => held + amountOf(resources, name), 0),
      0,
    );
    return { name, total, allocated, offered, idle: Math.max(0, total - allocated - offered), reserved };
  }).filter(({ name, total }) => total > 0 || name !== 'gpus');
}

const STATES = [
  'staging',
  'starting',
  'running',
  'killing',
  'unreachable',
  'finished',
  'killed',
  'failed',
  'error',
  'lost',
  'dropped',
  'gone',
  'gone_by_operator',
] as const;

/** How many tasks are in each state, ended ones since the master leads. Rare states are left out while nothing is in them. */
export function taskCounts(metrics: MetricsSnapshot): readonly { readonly state: string; readonly count: number }[] {
  return STATES.map((state) => ({
    state: `TASK_${state.toUpperCase()}`,
    count: metrics[`master/tasks_${state}`] ?? 0,
  })).filter(({ count }, index) => count > 0 || index < STATES.indexOf('lost'));
}

/** A framework as a row. Resources are those that its tasks hold. */
export interface FrameworkRow {
  readonly id: string;
  readonly name: string;
  readonly state: 'active' | 'inactive' | 'completed';
  readonly user: string;
  /** Where it runs; empty when not said. */
  readonly host: string;
  readonly principal: string | undefined;
  readonly roles: readonly string[];
  /** Tasks that are not over. */
  readonly tasks: number;
  readonly cpus: number;
  readonly mem: number;
  readonly disk: number;
  /** The larger part that it holds of any one resource, 0 to 1: what fair sharing goes by. */
  readonly share: number;
  /** Milliseconds since the epoch, when it came or left. */
  readonly at: number | undefined;
}

/** What each state is called. */
export const FRAMEWORK_STATES = {
  active: { tone: 'good', word: 'Active' },
  inactive: { tone: 'warn', word: 'Inactive' },
  completed: { tone: 'idle', word: 'Completed' },
} as const;

type Completed = FrameworksAnswer['get_frameworks']['completed_frameworks'][number];

/** Those that are there, the largest first, then those that left. */
export function frameworkRows(summary: StateSummary, completed: readonly Completed[]): readonly FrameworkRow[] {
  const totals = resourceFacts(summary.slaves);
  const present = summary.frameworks.map((framework): FrameworkRow => {
    const { id, name, user, active, used_resources: used, registered_time: at } = framework;
    return {
      id,
      name,
      state: active ? 'active' : 'inactive',
      user,
      host: framework.hostname,
      principal: framework.principal,
      roles: framework.roles ?? [framework.role ?? '*'],
      tasks: tasksOf(framework),
      cpus: amountOf(used, 'cpus'),
      mem: amountOf(used, 'mem'),
      disk: amountOf(used, 'disk'),
      share: Math.max(0, ...totals.map(({ name: kind, total }) => (total === 0 ? 0 : amountOf(used, kind) / total))),
      at: at * 1000,
    };
  });
  const left = completed.map(({ framework_info: info, unregistered_time: at }): FrameworkRow => ({
    id: info.id?.value ?? '',
    name: info.name,
    state: 'completed',
    user: info.user,
    host: info.hostname ?? '',
    principal: info.principal,
    roles: info.roles ?? [info.role ?? '*'],
    tasks: 0,
    cpus: 0,
    mem: 0,
    disk: 0,
    share: 0,
    at: at === undefined ? undefined : at.nanoseconds / 1e6,
  }));
  return [...present.sort((one, other) => other.share - one.share), ...left];
}

function tasksOf(framework: SummaryFramework): number {
  const { TASK_STAGING, TASK_STARTING, TASK_RUNNING, TASK_KILLING, TASK_UNREACHABLE } = framework;
  return TASK_STAGING + TASK_STARTING + TASK_RUNNING + TASK_KILLING + TASK_UNREACHABLE;
}
