/** The environment a task starts with: little from the agent, then Mesos's variables, then the task's own. */
import { hostPort } from '@stadion/base';
import type { FrameworkInfo, TaskInfo } from '@stadion/contract/mesos';
import type { ExecutorInfo } from '@stadion/contract/mesos-workload';
import { imageOf } from './admission.ts';

/** Facts of the agent and the run that become variables. */
export interface EnvironmentFacts {
  readonly agentId: string;
  readonly frameworkId: string;
  /** Of the pod, for a task of one. */
  readonly executorId: string | undefined;
  /** Set for the process of a custom executor, which is no task. */
  readonly runs?: ExecutorInfo | undefined;
  /** What it shows who it is with, where that is asked for. */
  readonly token?: string | undefined;
  readonly framework: FrameworkInfo | undefined;
  /** The sandbox. */
  readonly directory: string;
  readonly ip: string;
  readonly port: number;
  /** The agent's own environment; only a few names of it are passed on. */
  readonly inherited: Readonly<Record<string, string | undefined>>;
}

const INHERITED_NAMES = new Set(['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LANGUAGE', 'TZ', 'TMPDIR']);
/** Where a container with an image finds its sandbox (Mesos's `--sandbox_directory`). */
export const SANDBOX_INSIDE = '/mnt/mesos/sandbox';
const PATH_DEFAULT = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Builds the variables (Mesos's executor environment, and MESOS_TASK_ID as Marathon has it). The task's own win. */
export function taskEnvironment(task: TaskInfo, facts: EnvironmentFacts): Record<string, string> {
  const hasImage = imageOf(task.container) !== undefined;
  // An image brings its own PATH and HOME; those of this machine mean nothing inside.
  const environment: Record<string, string> = hasImage ? {} : ofMachine(facts.inherited);
  const role = task.resources.find((resource) => resource.allocation_info !== undefined)?.allocation_info?.role;
  const endpoint = hostPort(facts.ip, facts.port);
  Object.assign(environment, {
    MESOS_FRAMEWORK_ID: facts.frameworkId,
    MESOS_EXECUTOR_ID: facts.executorId ?? task.task_id.value,
    ...(facts.runs === undefined ? { MESOS_TASK_ID: task.task_id.value } : {}),
    MESOS_DIRECTORY: facts.directory,
    MESOS_SANDBOX: hasImage ? SANDBOX_INSIDE : facts.directory,
    MESOS_SLAVE_ID: facts.agentId,
    MESOS_SLAVE_PID: `slave(1)@${endpoint}`,
    MESOS_AGENT_ENDPOINT: endpoint,
    MESOS_ALLOCATION_ROLE: role ?? facts.framework?.roles?.[0] ?? facts.framework?.role ?? '*',
    MESOS_CHECKPOINT: '1',
    MESOS_HTTP_COMMAND_EXECUTOR: '0',
    MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD: secondsOf(facts.runs?.shutdown_grace_period),
    MESOS_RECOVERY_TIMEOUT: '15mins',
    MESOS_SUBSCRIPTION_BACKOFF_MAX: '2secs',
    LIBPROCESS_IP: facts.ip,
    LIBPROCESS_PORT: '0',
    ...(facts.token === undefined ? {} : { MESOS_EXECUTOR_AUTHENTICATION_TOKEN: facts.token }),
  });
  for (const variable of task.command?.environment?.variables ?? []) environment[variable.name] = variable.value ?? '';
  return environment;
}

/** A duration as Mesos writes them. Without one: 5 seconds. */
function secondsOf(duration: ExecutorInfo['shutdown_grace_period']): string {
  return `${String((duration?.nanoseconds ?? 5e9) / 1e9)}secs`;
}

function ofMachine(inherited: EnvironmentFacts['inherited']): Record<string, string> {
  const environment: Record<string, string> = { PATH: PATH_DEFAULT };
  for (const [name, value] of Object.entries(inherited)) {
    if (value !== undefined && (INHERITED_NAMES.has(name) || name.startsWith('LC_'))) environment[name] = value;
  }
  return environment;
}
