/**
 * Turns one placed instance into the task that Mesos launches. What all launches of an app have in common is worked
 * out once per definition and shared, so that 100,000 tasks cost little more than their ids and ports.
 */
import type { Random } from '@stadion/base';
import type {
  CommandInfo,
  CommandUri,
  DiscoveryInfo,
  HealthCheckInfo,
  IdValue,
  Labels,
  Range,
  ReadinessCheckInfo,
  Resource,
  TaskInfo,
} from '@stadion/contract/mesos';
import type { CheckInfo } from '@stadion/contract/mesos-workload';
import type { AppDefinition, Artifact } from '@stadion/contract/orchestrator';
import { isOnHostNetwork } from '../app/spec.ts';
import { checkInfo, checksNeedPorts, healthCheckInfos, readinessCheckInfos } from './checks.ts';
import { containerInfo } from './container-info.ts';
import { takesRevocable } from '../app/revocable.ts';
import { executorFor, hasOwnExecutor } from './custom-executor.ts';
import { appEnvironment, taskEnvironment, type AppEnvironment } from './environment.ts';
import { declaredPorts, reachablePort, taskPorts, type TaskPort } from './task-ports.ts';
import { textLabels } from './text-labels.ts';

/** What a launch adds to its app. */
export interface TaskInput {
  readonly app: AppDefinition;
  readonly instanceId: string;
  readonly taskId: string;
  /** The offer's own object: all tasks of the agent share it. */
  readonly agentId: IdValue;
  readonly hostname: string;
  /** One entry per port definition or mapping, as the matcher gave them. */
  readonly hostPorts: readonly (number | undefined)[];
  /** The role of the offer. */
  readonly role: string;
  readonly random: Random;
  /** Goes before HOST and PORT names in the environment (`--env_vars_prefix`); default none. */
  readonly envPrefix?: string;
  /** Whether the app's top-level group enforces its role; default no. */
  readonly enforceGroupRole?: boolean;
}

/**
 * The task to launch. Parts of it are shared with other tasks of the app and must not be changed.
 * Members are set one by one: objects put together from others weigh more, and there is one of these per task.
 */
export function buildTaskInfo(input: TaskInput): TaskInfo {
  const { app, taskId } = input;
  const template = templateOf(input);
  const ports = taskPorts(template.ports, template.isHost, input.hostPorts, input.random);
  const environment = {
    variables: taskEnvironment(template.environment, { taskId, hostname: input.hostname, ports }),
  };
  const task: TaskInfo = {
    name: template.name,
    task_id: { value: taskId },
    agent_id: input.agentId,
    resources: withPorts(template, input.hostPorts),
    command: withEnvironment(template.command, environment),
    discovery: template.discovery,
  };
  if (ports.length > 0) {
    task.discovery = { visibility: 'FRAMEWORK', name: template.name, ports: discoveryPorts(ports) };
  }
  const container = containerInfo(app, taskId, ports);
  if (container !== undefined) task.container = container;
  const { labels, killPolicy } = template;
  if (labels !== undefined) task.labels = labels;
  if (killPolicy !== undefined) task.kill_policy = killPolicy;
  const checks = template.checks ?? checksOf(app, ports);
  if (checks.health.length > 0) task.health_checks = checks.health;
  if (checks.readiness.length > 0) task.readiness_checks = checks.readiness;
  if (checks.check !== undefined) task.check = checks.check;
  return hasOwnExecutor(app) ? withExecutor(task, app) : task;
}

/** What it runs and where is its executor's business then. */
function withExecutor(task: TaskInfo, app: AppDefinition): TaskInfo {
  const { command: _command, container: _container, ...rest } = task;
  return { ...rest, executor: executorFor(app, task.task_id.value, task) };
}

interface Checks {
  readonly health: HealthCheckInfo[];
  readonly readiness: ReadinessCheckInfo[];
  readonly check: CheckInfo | undefined;
}

/** What all launches of an app share, under the same settings. */
interface Template {
  readonly settings: { readonly role: string; readonly prefix: string; readonly enforceGroupRole: boolean };
  readonly name: string;
  readonly isHost: boolean;
  readonly ports: ReturnType<typeof declaredPorts>;
  readonly allocation: { role: string };
  readonly scalars: Resource[];
  readonly environment: AppEnvironment;
  readonly command: CommandInfo;
  readonly labels: Labels | undefined;
  readonly killPolicy: TaskInfo['kill_policy'];
  readonly discovery: DiscoveryInfo;
  /** Undefined when they differ by the ports of the launch. */
  readonly checks: Checks | undefined;
}

const templates = new WeakMap<AppDefinition, Template>();

function templateOf(input: TaskInput): Template {
  const { app, role, envPrefix: prefix = '', enforceGroupRole = false } = input;
  const known = templates.get(app)?.settings;
  const isKnown = known?.role === role && known.prefix === prefix && known.enforceGroupRole === enforceGroupRole;
  const template = isKnown ? templates.get(app) : undefined;
  if (template !== undefined) return template;
  const made = makeTemplate(app, { role, prefix, enforceGroupRole });
  templates.set(app, made);
  return made;
}

function makeTemplate(app: AppDefinition, settings: Template['settings']): Template {
  const name = dottedName(app.id);
  const grace = app.taskKillGracePeriodSeconds;
  const allocation = { role: settings.role };
  return {
    settings,
    name,
    isHost: isOnHostNetwork(app),
    ports: declaredPorts(app),
    allocation,
    scalars: scalarResources(app, allocation),
    environment: appEnvironment(app, settings),
    command: commandInfo(app),
    labels: textLabels(app.labels),
    killPolicy: grace === undefined ? undefined : { grace_period: { nanoseconds: grace * 1_000_000_000 } },
    discovery: { visibility: 'FRAMEWORK', name },
    checks: checksNeedPorts(app) ? undefined : checksOf(app, []),
  };
}

/** `/a/b/c` becomes `c.b.a`, the name that DNS and Mesos show. */
export function dottedName(appId: string): string {
  return appId
    .split('/')
    .filter((segment) => segment !== '')
    .reverse()
    .join('.');
}

function scalarResources(app: AppDefinition, allocation: { role: string }): Resource[] {
  const amounts = { cpus: app.cpus, mem: app.mem, disk: app.disk, gpus: app.gpus };
  return Object.entries(amounts).flatMap(([name, value]): Resource[] => {
    if (value <= 0) return [];
    const lent = name === 'cpus' && takesRevocable(app) ? { revocable: {} } : {};
    return [{ name, type: 'SCALAR', scalar: { value }, role: '*', allocation_info: allocation, ...lent }];
  });
}

/** The scalars, and the host ports as ascending ranges, neighbours joined. */
function withPorts({ scalars, allocation }: Template, hostPorts: readonly (number | undefined)[]): Resource[] {
  const taken = hostPorts.filter((port) => port !== undefined).sort((one, other) => one - other);
  if (taken.length === 0) return scalars;
  const range: Range[] = [];
  for (const port of taken) {
    const last = range.at(-1);
    if (last !== undefined && port <= last.end + 1) last.end = port;
    else range.push({ begin: port, end: port });
  }
  const ranges = { range: compacted(range) };
  return scalars.concat({ name: 'ports', type: 'RANGES', ranges, role: '*', allocation_info: allocation });
}

/** `cmd` goes through a shell. `args` replace an image's command; without an image the first of them is the program. */
function commandInfo(app: AppDefinition): CommandInfo {
  const uris = (app.fetch ?? []).map(commandUri);
  const rest = {
    ...(uris.length === 0 ? {} : { uris }),
    ...(app.user === undefined ? {} : { user: app.user }),
  };
  if (app.cmd !== undefined) return { shell: true, value: app.cmd, ...rest };
  const program = app.container?.docker === undefined ? app.args?.[0] : undefined;
  return {
    shell: false,
    ...(program === undefined ? {} : { value: program }),
    ...(app.args === undefined ? {} : { arguments: app.args }),
    ...rest,
  };
}

function withEnvironment(shared: CommandInfo, environment: NonNullable<CommandInfo['environment']>): CommandInfo {
  const command: CommandInfo = { environment };
  if (shared.shell !== undefined) command.shell = shared.shell;
  if (shared.value !== undefined) command.value = shared.value;
  if (shared.arguments !== undefined) command.arguments = shared.arguments;
  if (shared.uris !== undefined) command.uris = shared.uris;
  if (shared.user !== undefined) command.user = shared.user;
  return command;
}

/** An artifact as Mesos has it. */
export function commandUri(artifact: Artifact): CommandUri {
  return {
    value: artifact.uri,
    extract: artifact.extract,
    executable: artifact.executable,
    cache: artifact.cache,
    ...(artifact.destPath === undefined ? {} : { output_file: artifact.destPath }),
    ...(artifact.checksum === undefined ? {} : { checksum: artifact.checksum }),
  };
}

function checksOf(app: AppDefinition, ports: readonly TaskPort[]): Checks {
  return {
    health: healthCheckInfos(app, ports),
    readiness: readinessCheckInfos(app, ports),
    check: app.check && checkInfo(app.check, ports),
  };
}

type DiscoveryPort = NonNullable<DiscoveryInfo['ports']>['ports'][number];

/** One entry per port and protocol. */
function discoveryPorts(ports: readonly TaskPort[]): NonNullable<DiscoveryInfo['ports']> {
  return {
    ports: compacted(
      ports.flatMap((port) => {
        const labels = textLabels(port.labels);
        return port.protocols.map((protocol) => {
          const entry: DiscoveryPort = { number: reachablePort(port), protocol };
          if (port.name !== undefined) entry.name = port.name;
          if (labels !== undefined) entry.labels = labels;
          return entry;
        });
      }),
    ),
  };
}

/** Gives back the 16 seats that an engine keeps free in an array that grew: there are several of these per task. */
function compacted<Item>(items: readonly Item[]): Item[] {
  return items.slice();
}
