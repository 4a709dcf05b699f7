/** What may happen to a ledger at random, and the descriptions that go with it. */
import fc from 'fast-check';
import type { OfferOperation, Resource, TaskState } from '@stadion/contract/mesos';
import type { ExecutorInfo } from '@stadion/contract/mesos-workload';
import type { ClusterSettings } from '@stadion/contract/cluster-settings';
import type { ResourceOperation } from '../core/cluster/operations.ts';
import { reserved, volume } from './reserved.ts';

export const AGENTS = 3;
export const FRAMEWORKS = 2;
const TASKS = 6;

/** One thing that happens. */
export type Step =
  | { readonly do: 'connect' | 'connect-behind' | 'repeat-register' | 'cut' | 'leave'; readonly agent: number }
  | { readonly do: 'subscribe' | 'hang-up' | 'revive' | 'reconcile'; readonly framework: number }
  | {
      readonly do: 'accept';
      readonly framework: number;
      readonly task: number;
      readonly cpus: number;
      /** Its cpus are those that the agent lends. */
      readonly isLent: boolean;
      /** The framework's own executor runs it. */
      readonly isExecuted: boolean;
      readonly port: number;
    }
  /** All that an agent has; where nobody is told, the agent knows them no longer when it registers next. */
  | { readonly do: 'executors-exit'; readonly agent: number; readonly isTold: boolean }
  | { readonly do: 'lend'; readonly agent: number; readonly cpus: number }
  | {
      readonly do: 'reserve';
      readonly framework: number;
      readonly task: number;
      readonly operations: readonly ResourceOperation['type'][];
      readonly launch: 'none' | 'task' | 'group';
    }
  | { readonly do: 'decline' | 'stale-accept'; readonly framework: number; readonly task: number }
  | {
      readonly do: 'update';
      readonly agent: number;
      readonly task: number;
      readonly state: TaskState;
      readonly twice: boolean;
    }
  | { readonly do: 'acknowledge' | 'kill'; readonly framework: number; readonly task: number }
  | { readonly do: 'forget-task'; readonly agent: number; readonly task: number }
  | { readonly do: 'time'; readonly seconds: number }
  | { readonly do: 'settings'; readonly settings: ClusterSettings }
  | { readonly do: 'persist' };

const index = (below: number) => fc.integer({ min: 0, max: below - 1 });
const machine = index(AGENTS).map((which) => ({ hostname: `a${String(which)}` }));
const amounts = fc.record({ cpus: fc.record({ value: index(5) }), disk: fc.record({ value: index(20) }) });
/** Decisions that bite: small quotas, and machines that go. */
const anySettings: fc.Arbitrary<ClusterSettings> = fc.record({
  weights: fc.constant([]),
  quotas: fc.array(fc.record({ role: index(FRAMEWORKS).map((which) => `r${String(which)}`), limits: amounts }), {
    maxLength: 2,
  }),
  schedule: fc.record({
    windows: fc.array(
      fc.record({
        machine_ids: fc.array(machine, { minLength: 1, maxLength: 1 }),
        unavailability: fc.constant({ start: { nanoseconds: 0 } }),
      }),
      { maxLength: 2 },
    ),
  }),
  down: fc.array(machine, { maxLength: 1 }),
});

/** What makes something more often, or there would be nothing to change. */
const OPERATIONS = [
  ...(['RESERVE', 'RESERVE', 'CREATE', 'CREATE'] as const),
  ...(['DESTROY', 'UNRESERVE', 'GROW_VOLUME', 'SHRINK_VOLUME'] as const),
];

/** Any of them, the interesting ones more often. */
export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom('connect', 'repeat-register', 'cut', 'leave'), agent: index(AGENTS) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('subscribe', 'subscribe', 'hang-up', 'revive', 'reconcile'),
      framework: index(FRAMEWORKS),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('accept'),
      framework: index(FRAMEWORKS),
      task: index(TASKS),
      cpus: fc.integer({ min: 0, max: 3 }),
      isLent: fc.boolean(),
      isExecuted: fc.boolean(),
      port: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('reserve'),
      framework: index(FRAMEWORKS),
      task: index(TASKS),
      operations: fc.array(fc.constantFrom(...OPERATIONS), { maxLength: 4 }),
      launch: fc.constantFrom('none', 'task', 'group'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('decline', 'stale-accept'),
      framework: index(FRAMEWORKS),
      task: index(TASKS),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('update'),
      agent: index(AGENTS),
      task: index(TASKS),
      state: fc.constantFrom<TaskState>('TASK_RUNNING', 'TASK_FINISHED', 'TASK_FAILED', 'TASK_KILLED'),
      twice: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('acknowledge', 'kill'),
      framework: index(FRAMEWORKS),
      task: index(TASKS),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('executors-exit'), agent: index(AGENTS), isTold: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('lend'), agent: index(AGENTS), cpus: index(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget-task'), agent: index(AGENTS), task: index(TASKS) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('connect-behind'), agent: index(AGENTS) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('time'), seconds: fc.integer({ min: 1, max: 20 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('settings'), settings: anySettings }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('persist') }) },
);

/** A cluster at work, so that the random part does not begin with an empty stage. */
export const PRELUDE: readonly Step[] = [
  ...Array.from({ length: AGENTS }, (_, agent): Step[] => [{ do: 'connect', agent }, { do: 'persist' }]).flat(),
  ...Array.from({ length: FRAMEWORKS }, (_, framework): Step => ({ do: 'subscribe', framework })),
];

/** Some agents shrink between registrations on purpose: number 2 has less than its tasks may hold. */
export function capacity(which: number): Resource[] {
  return [
    { name: 'cpus', type: 'SCALAR', scalar: { value: 3 + which } },
    { name: 'mem', type: 'SCALAR', scalar: { value: 1024 } },
    { name: 'disk', type: 'SCALAR', scalar: { value: 100 } },
    { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 1, end: 6 }] } },
  ];
}

/** Cpus that an agent lends. */
export function lentCpus(value: number): Resource {
  return { name: 'cpus', type: 'SCALAR', scalar: { value }, revocable: {} };
}

export function taskInfo(id: string, agentId: string, cpus: number, port: number, isLent = false) {
  const resources: Resource[] = [
    isLent ? lentCpus(cpus) : { name: 'cpus', type: 'SCALAR', scalar: { value: cpus } },
    { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: port, end: port }] } },
  ];
  return { name: id, task_id: { value: id }, agent_id: { value: agentId }, resources };
}

/** A framework's own executor, with something of its own to hold. */
export const EXECUTOR: ExecutorInfo = {
  type: 'CUSTOM',
  executor_id: { value: 'own' },
  command: { value: './run' },
  resources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 0.5 } }],
};

const RESERVED: readonly Resource[] = [
  { name: 'cpus', type: 'SCALAR', scalar: { value: 1 } },
  { name: 'disk', type: 'SCALAR', scalar: { value: 10 } },
];

/** About one core and one volume, so that operations meet what others did. */
export function operationOf(type: ResourceOperation['type'], role: string): ResourceOperation {
  switch (type) {
    case 'RESERVE':
      return { type, reserve: { resources: reserved(RESERVED, role) } };
    case 'UNRESERVE':
      return { type, unreserve: { resources: reserved(RESERVED, role) } };
    case 'CREATE':
      return { type, create: { volumes: [volume('v', 10, role)] } };
    case 'DESTROY':
      return { type, destroy: { volumes: [volume('v', 10, role)] } };
    case 'GROW_VOLUME': {
      const [, disk] = reserved(RESERVED, role);
      return { type, grow_volume: { volume: volume('v', 10, role), addition: disk ?? volume('v', 10, role) } };
    }
    case 'SHRINK_VOLUME':
      return { type, shrink_volume: { volume: volume('v', 20, role), subtract: { value: 10 } } };
    case 'CREATE_DISK':
    case 'DESTROY_DISK':
      return { type };
  }
}

/** A task, or a group of which the executor has the volume. */
export function launchReserved(
  kind: 'none' | 'task' | 'group',
  id: string,
  agentId: string,
  role: string,
): OfferOperation[] {
  if (kind === 'none') return [];
  const task = {
    name: id,
    task_id: { value: id },
    agent_id: { value: agentId },
    resources: reserved(RESERVED.slice(0, 1), role),
  };
  const disk = volume('v', 10, role);
  if (kind === 'task') {
    return [{ type: 'LAUNCH', launch: { task_infos: [{ ...task, resources: [...task.resources, disk] }] } }];
  }
  const executor = { executor_id: { value: `e-${id}` }, resources: [disk] };
  return [{ type: 'LAUNCH_GROUP', launch_group: { executor, task_group: { tasks: [task] } } }];
}
