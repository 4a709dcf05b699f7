/**
 * Turns one placed instance into the task that Mesos launches. What all launches of an app have in common is worked
 * out once per definition and shared, so that 100,000 tasks cost little more than their ids and ports.
 */
import type { Random } from '@stadion/base';
import type { CommandInfo, CommandUri, DiscoveryInfo, IdValue, Resource, TaskInfo } from '@stadion/contract/mesos';
import type { AppDefinition, Artifact } from '@stadion/contract/orchestrator';
import { checksNeedPorts, healthCheckInfos, readinessCheckInfos } from './checks.ts';
import { containerInfo } from './container-info.ts';
import { appEnvironment, taskEnvironment, type AppEnvironment } from './environment.ts';
import { reachablePort, taskPorts, type TaskPort } from './task-ports.ts';
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

/** The task to launch. Parts of it are shared with other tasks of the app and must not be changed. */
export function buildTaskInfo(input: TaskInput): TaskInfo {
  const { app, taskId } = input;
  const template = templateOf(app, input.role, input.enforceGroupRole ?? false);
  const ports = taskPorts(app, input.hostPorts, input.random);
  const container = containerInfo(app, taskId, ports);
  const variables = taskEnvironment(template.environment, {
    taskId,
    hostname: input.hostname,
    ports,
    prefix: input.envPrefix ?? '',
  });
  return {
    name: template.name,
    task_id: { value: taskId },
    agent_id: input.agentId,
    resources: withPorts(template.scalars, input.hostPorts, input.role),
    command: { ...template.command, environment: { variables } },
    ...(container === undefined ? {} : { container }),
    ...template.settings,
    discovery: ports.length === 0 ? template.discovery : { ...template.discovery, ports: discoveryPorts(ports) },
    ...(checksNeedPorts(app) ? checksOf(app, ports) : template.checks),
  };
}

/** What all launches of an app share. */
interface Template {
  readonly role: string;
  readonly enforceGroupRole: boolean;
  readonly name: string;
  readonly scalars: Resource[];
  readonly environment: AppEnvironment;
  readonly command: CommandInfo;
  readonly settings: Pick<TaskInfo, 'kill_policy' | 'labels'>;
  readonly discovery: DiscoveryInfo;
  readonly checks: Pick<TaskInfo, 'health_checks' | 'readiness_checks'>;
}

const templates = new WeakMap<AppDefinition, Template>();

function templateOf(app: AppDefinition, role: string, enforceGroupRole: boolean): Template {
  const known = templates.get(app);
  if (known?.role === role && known.enforceGroupRole === enforceGroupRole) return known;
  const name = dottedName(app.id);
  const labels = textLabels(app.labels);
  const grace = app.taskKillGracePeriodSeconds;
  const template: Template = {
    role,
    enforceGroupRole,
    name,
    scalars: scalarResources(app, role),
    environment: appEnvironment(app, enforceGroupRole),
    command: commandInfo(app),
    settings: {
      ...(grace === undefined ? {} : { kill_policy: { grace_period: { nanoseconds: grace * 1_000_000_000 } } }),
      ...(labels === undefined ? {} : { labels }),
    },
    discovery: { visibility: 'FRAMEWORK', name },
    checks: checksNeedPorts(app) ? {} : checksOf(app, []),
  };
  templates.set(app, template);
  return template;
}

/** `/a/b/c` becomes `c.b.a`, the name that DNS and Mesos show. */
function dottedName(appId: string): string {
  return appId
    .split('/')
    .filter((segment) => segment !== '')
    .reverse()
    .join('.');
}

function scalarResources(app: AppDefinition, role: string): Resource[] {
  const amounts = { cpus: app.cpus, mem: app.mem, disk: app.disk, gpus: app.gpus };
  return Object.entries(amounts).flatMap(([name, value]): Resource[] => {
    return value > 0 ? [{ name, type: 'SCALAR', scalar: { value }, role: '*', allocation_info: { role } }] : [];
  });
}

/** Adds the host ports as ascending ranges, neighbours joined. */
function withPorts(scalars: Resource[], hostPorts: readonly (number | undefined)[], role: string): Resource[] {
  const taken = hostPorts.filter((port) => port !== undefined).sort((one, other) => one - other);
  if (taken.length === 0) return scalars;
  const range: { begin: number; end: number }[] = [];
  for (const port of taken) {
    const last = range.at(-1);
    if (last !== undefined && port <= last.end + 1) last.end = port;
    else range.push({ begin: port, end: port });
  }
  return [...scalars, { name: 'ports', type: 'RANGES', ranges: { range }, role: '*', allocation_info: { role } }];
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

function commandUri(artifact: Artifact): CommandUri {
  return {
    value: artifact.uri,
    extract: artifact.extract,
    executable: artifact.executable,
    cache: artifact.cache,
    ...(artifact.destPath === undefined ? {} : { output_file: artifact.destPath }),
    ...(artifact.checksum === undefined ? {} : { checksum: artifact.checksum }),
  };
}

function checksOf(app: AppDefinition, ports: readonly TaskPort[]): Template['checks'] {
  const health = healthCheckInfos(app, ports);
  const readiness = readinessCheckInfos(app, ports);
  return {
    ...(health.length === 0 ? {} : { health_checks: health }),
    ...(readiness.length === 0 ? {} : { readiness_checks: readiness }),
  };
}

/** One entry per port and protocol. */
function discoveryPorts(ports: readonly TaskPort[]): NonNullable<DiscoveryInfo['ports']> {
  return {
    ports: ports.flatMap((port) => {
      const labels = textLabels(port.labels);
      return port.protocols.map((protocol) => ({
        number: reachablePort(port),
        ...(port.name === undefined ? {} : { name: port.name }),
        protocol,
        ...(labels === undefined ? {} : { labels }),
      }));
    }),
  };
}
