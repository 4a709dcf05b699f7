/**
 * The environment that Marathon gives a task. Later wins: facts about the app, then HOST and ports,
 * then the app's own `env`.
 */
import type { EnvironmentVariable } from '@stadion/contract/mesos-workload';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { MAX_LABEL_VARIABLE_LENGTH } from './limits.ts';
import { secretOf } from './secrets.ts';
import { declaredPorts, reachablePort, type TaskPort } from './task-ports.ts';

/** The part of the environment that all tasks of an app share: finished variables, and the names of the others. */
export interface AppEnvironment {
  /** Without those that the app sets itself. */
  readonly facts: readonly EnvironmentVariable[];
  readonly own: readonly EnvironmentVariable[];
  readonly ownNames: ReadonlySet<string>;
  readonly names: { readonly host: string; readonly port: string; readonly ports: string };
  /** Names of each port's variables, the first always `PORT<index>`; without `PORT_<n>` where n is known at launch only. */
  readonly portNames: readonly (readonly string[])[];
  readonly prefix: string;
}

/**
 * @param options.prefix goes before HOST and the PORT names, and before nothing else
 * @param options.enforceGroupRole what `MARATHON_APP_ENFORCE_GROUP_ROLE` says
 */
export function appEnvironment(
  app: AppDefinition,
  options: { readonly prefix: string; readonly enforceGroupRole: boolean },
): AppEnvironment {
  const { prefix } = options;
  const own = ownVariables(app.env, app.secrets);
  const ownNames = new Set(own.map(({ name }) => name));
  return {
    facts: appFacts(app, options.enforceGroupRole).filter(({ name }) => !ownNames.has(name)),
    own,
    ownNames,
    names: { host: `${prefix}HOST`, port: `${prefix}PORT`, ports: `${prefix}PORTS` },
    portNames: declaredPorts(app).map(({ declared, name }, index) => [
      `${prefix}PORT${index}`,
      ...(declared === 0 ? [] : [`${prefix}PORT_${declared}`]),
      ...(name === undefined ? [] : [`${prefix}PORT_${name.toUpperCase()}`]),
    ]),
    prefix,
  };
}

/**
 * The variables that people write. Of a secret only its name goes on its way: the agent that runs the task looks it up, so
 * its value is in no definition, event or record of ours.
 */
export function ownVariables(env: AppDefinition['env'], secrets: AppDefinition['secrets']): EnvironmentVariable[] {
  return Object.entries(env ?? {}).map(([name, value]) => {
    return typeof value === 'string'
      ? { name, value }
      : { name, type: 'SECRET', secret: secretOf(value.secret, secrets) };
  });
}

/** All variables of one task; each name once. */
export function taskEnvironment(
  environment: AppEnvironment,
  launch: { readonly taskId: string; readonly hostname: string; readonly ports: readonly TaskPort[] },
): EnvironmentVariable[] {
  const { names, ownNames } = environment;
  const variables = new Map<string, EnvironmentVariable>();
  const set = (name: string, value: string) => {
    if (!ownNames.has(name)) variables.set(name, { name, value });
  };
  set('MESOS_TASK_ID', launch.taskId);
  set(names.host, launch.hostname);
  const assigned: string[] = [];
  const generated: string[] = [];
  for (const [index, port] of launch.ports.entries()) {
    const value = String(reachablePort(port));
    if (port.hostPort !== undefined) assigned.push(value);
    else if (port.isGenerated) generated.push(value);
    for (const name of environment.portNames[index] ?? []) set(name, value);
    if (port.declared === 0) set(`${environment.prefix}PORT_${value}`, value);
  }
  const all = [...assigned, ...generated];
  if (all[0] !== undefined) set(names.port, all[0]);
  if (launch.ports.length > 0) set(names.ports, all.join(','));
  // `concat` makes an array of exactly the right size: there is one for every task.
  return environment.facts.concat([...variables.values()], environment.own);
}

function appFacts(app: AppDefinition, enforceGroupRole: boolean): EnvironmentVariable[] {
  const labels = labelVariables(app.labels);
  const image = app.container?.type === 'DOCKER' ? app.container.docker?.image : undefined;
  return [
    { name: 'MARATHON_APP_ID', value: app.id },
    { name: 'MARATHON_APP_VERSION', value: app.version },
    ...(image === undefined ? [] : [{ name: 'MARATHON_APP_DOCKER_IMAGE', value: image }]),
    { name: 'MARATHON_APP_RESOURCE_CPUS', value: numberText(app.cpus) },
    { name: 'MARATHON_APP_RESOURCE_MEM', value: numberText(app.mem) },
    { name: 'MARATHON_APP_RESOURCE_DISK', value: numberText(app.disk) },
    { name: 'MARATHON_APP_RESOURCE_GPUS', value: String(app.gpus) },
    { name: 'MARATHON_APP_ENFORCE_GROUP_ROLE', value: enforceGroupRole ? 'TRUE' : 'FALSE' },
    { name: 'MARATHON_APP_LABELS', value: [...labels.keys()].join(' ') },
    ...[...labels].map(([key, value]) => ({ name: `${LABEL_PREFIX}${key}`, value })),
  ];
}

/** Goes before the key of a label. */
export const LABEL_PREFIX = 'MARATHON_APP_LABEL_';

/** Label values by sanitised key; labels too long for a variable are left out, of two that become one the last stays. */
export function labelVariables(labels: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  for (const [key, value] of Object.entries(labels)) {
    if (LABEL_PREFIX.length + key.length >= MAX_LABEL_VARIABLE_LENGTH) continue;
    if (value.length >= MAX_LABEL_VARIABLE_LENGTH) continue;
    variables.set(key.replace(/[^A-Za-z0-9_]+/g, '_').toUpperCase(), value);
  }
  return variables;
}

/** A number as Java writes a double: `0.1`, `128.0`, `1.0E7`. */
export function numberText(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude < 1e-3 || magnitude >= 1e7)) {
    const [digits = '', exponent = ''] = value.toExponential().split('e');
    return `${digits.includes('.') ? digits : `${digits}.0`}E${exponent.replace('+', '')}`;
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
