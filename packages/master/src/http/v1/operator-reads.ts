/** What the operator API tells of this moment: one function a call, each giving the answer's member in pieces. */
import type { ExecutorInfo } from '@stadion/contract/mesos-workload';
import type { TaskRecord } from '../../core/cluster/records.ts';
import type { ClusterView } from '../../core/cluster/state.ts';
import { flags } from '../flags.ts';
import { arrayPieces, objectPieces } from '../json-pieces.ts';
import { knownRoles } from '../known-roles.ts';
import { metricGroups } from '../metrics.ts';
import { legacyScalars } from '../shapes/framework-json.ts';
import type { ServedMaster } from '../served-master.ts';
import { versionJson } from '../version.ts';
import { maintenanceStatus, quotaStatus, weightInfos } from './settings-calls.ts';
import { masterInfo } from './outgoing-event.ts';
import { agentV1, frameworkV1, operationV1, recoveredAgentV1, taskV1 } from './shapes.ts';

/** Makes the body of an answer; undefined where the answer has none. */
export type OperatorRead = (master: ServedMaster) => Generator<string>;

/** Every reading call, by its type. */
export const OPERATOR_READS: Readonly<Record<string, OperatorRead>> = {
  GET_HEALTH: () => objectPieces({ healthy: true }),
  GET_FLAGS: ({ view, identity }) =>
    objectPieces({ flags: Object.entries(flags(view.config, identity)).map(([name, value]) => ({ name, value })) }),
  GET_VERSION: ({ identity }) => objectPieces({ version_info: versionJson(identity.version) }),
  GET_METRICS: (master) => objectPieces({ metrics: arrayPieces(namedMetrics(master), (metric) => metric) }),
  GET_LOGGING_LEVEL: ({ verbosity }) => objectPieces({ level: verbosity?.level ?? 0 }),
  GET_STATE: ({ view }) => clusterPieces(view),
  GET_AGENTS: ({ view }) => agentsPieces(view),
  GET_FRAMEWORKS: ({ view }) => frameworksPieces(view),
  GET_EXECUTORS: ({ view }) => executorsPieces(view),
  GET_OPERATIONS: ({ view }) => objectPieces({ operations: arrayPieces([...view.operations.values()], operationV1) }),
  GET_TASKS: ({ view }) => tasksPieces(view),
  GET_ROLES: ({ view }) =>
    objectPieces({
      roles: knownRoles(view).map((role) => ({
        name: role.name,
        weight: role.weight,
        frameworks: [...role.frameworks.values()].map(({ frameworkId }) => ({ value: frameworkId })),
        resources: scalars(legacyScalars(role.allocated)),
      })),
    }),
  GET_WEIGHTS: ({ view }) => objectPieces({ weight_infos: weightInfos(view) }),
  GET_QUOTA: ({ view }) => objectPieces({ status: quotaStatus(view) }),
  GET_MAINTENANCE_STATUS: ({ view }) => objectPieces({ status: maintenanceStatus(view) }),
  GET_MAINTENANCE_SCHEDULE: ({ view }) => objectPieces({ schedule: view.settings.schedule }),
  GET_MASTER: ({ view }) =>
    objectPieces({
      master_info: masterInfo(view.master),
      start_time: view.startedAt / 1000,
      elected_time: view.startedAt / 1000,
    }),
};

function* namedMetrics(master: ServedMaster): Generator<{ readonly name: string; readonly value: number }> {
  for (const group of metricGroups(master)) {
    for (const [name, value] of Object.entries(group)) yield { name, value };
  }
}

/** `Response.GetState`: agents, frameworks, executors and tasks as one. */
export function clusterPieces(view: ClusterView): Generator<string> {
  return objectPieces({
    get_tasks: tasksPieces(view),
    get_executors: executorsPieces(view),
    get_frameworks: frameworksPieces(view),
    get_agents: agentsPieces(view),
  });
}

function agentsPieces(view: ClusterView): Generator<string> {
  return objectPieces({
    agents: arrayPieces([...view.agents.values()], (agent) => agentV1(view, agent)),
    recovered_agents: arrayPieces([...view.recovered.values()], recoveredAgentV1),
  });
}

function frameworksPieces(view: ClusterView): Generator<string> {
  return objectPieces({
    frameworks: arrayPieces([...view.frameworks.values()], frameworkV1),
    completed_frameworks: arrayPieces([...view.completedFrameworks], frameworkV1),
  });
}

function tasksPieces(view: ClusterView): Generator<string> {
  const live: TaskRecord[] = [];
  const unreachable: TaskRecord[] = [];
  const completed: TaskRecord[] = [];
  for (const framework of view.frameworks.values()) {
    live.push(...framework.tasks.values());
    unreachable.push(...framework.unreachableTasks.values());
    completed.push(...framework.completedTasks);
  }
  for (const framework of view.completedFrameworks) completed.push(...framework.completedTasks);
  return objectPieces({
    tasks: arrayPieces(live, taskV1),
    unreachable_tasks: arrayPieces(unreachable, taskV1),
    completed_tasks: arrayPieces(completed, taskV1),
  });
}

/** Executors of pods and of frameworks. A task without one is run by the agent itself and has no entry, as in Mesos. */
function executorsPieces(view: ClusterView): Generator<string> {
  const executors = [...view.agents.values()].flatMap((agent) =>
    [...agent.executors.values()].map(({ info, frameworkId }) => ({
      executor_info: shownExecutor(info, frameworkId),
      agent_id: { value: agent.id },
    })),
  );
  return objectPieces({ executors: arrayPieces(executors, (executor) => executor) });
}

/** Secrets in its variables are the framework's own business. */
function shownExecutor({ command, ...info }: ExecutorInfo, frameworkId: string): object {
  const { environment: _own, ...rest } = command ?? {};
  return {
    // Mesos: an executor of which nothing is said is its framework's own.
    type: 'CUSTOM',
    ...info,
    framework_id: { value: frameworkId },
    ...(command === undefined ? {} : { command: rest }),
  };
}

function scalars(amounts: ReturnType<typeof legacyScalars>) {
  return (['cpus', 'gpus', 'mem', 'disk'] as const)
    .filter((name) => amounts[name] !== 0)
    .map((name) => ({ name, type: 'SCALAR', scalar: { value: amounts[name] } }));
}
