/**
 * The environment that Marathon gives a task (reference 4). Later wins: facts about the app, then HOST and ports,
 * then the app's own `env`.
 */
import type { CommandInfo } from '@stadion/contract/mesos';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { MAX_LABEL_VARIABLE_LENGTH } from './limits.ts';
import { reachablePort, type TaskPort } from './task-ports.ts';

type Variable = NonNullable<CommandInfo['environment']>['variables'][number];

/** The part of the environment that all tasks of an app share; the variables are shared objects. */
export interface AppEnvironment {
  readonly facts: ReadonlyMap<string, Variable>;
  readonly own: readonly Variable[];
}

/** @param enforceGroupRole what `MARATHON_APP_ENFORCE_GROUP_ROLE` says */
export function appEnvironment(app: AppDefinition, enforceGroupRole: boolean): AppEnvironment {
  const facts = new Map<string, Variable>();
  const set = (name: string, value: string) => facts.set(name, { name, value });
  set('MARATHON_APP_ID', app.id);
  set('MARATHON_APP_VERSION', app.version);
  if (app.container?.type === 'DOCKER') set('MARATHON_APP_DOCKER_IMAGE', app.container.docker?.image ?? '');
  set('MARATHON_APP_RESOURCE_CPUS', doubleText(app.cpus));
  set('MARATHON_APP_RESOURCE_MEM', doubleText(app.mem));
  set('MARATHON_APP_RESOURCE_DISK', doubleText(app.disk));
  set('MARATHON_APP_RESOURCE_GPUS', String(app.gpus));
  set('MARATHON_APP_ENFORCE_GROUP_ROLE', enforceGroupRole ? 'TRUE' : 'FALSE');
  const labels = labelVariables(app.labels);
  set('MARATHON_APP_LABELS', [...labels.keys()].join(' '));
  for (const [key, value] of labels) set(`${LABEL_PREFIX}${key}`, value);
  // A secret's value is not known here; without a secrets store its variable stays unset.
  const own = Object.entries(app.env ?? {}).flatMap(([name, value]) => {
    return typeof value === 'string' ? [{ name, value }] : [];
  });
  return { facts, own };
}

/**
 * All variables of one task.
 * @param launch.prefix goes before HOST and the PORT names, and before nothing else
 */
export function taskEnvironment(
  environment: AppEnvironment,
  launch: {
    readonly taskId: string;
    readonly hostname: string;
    readonly ports: readonly TaskPort[];
    readonly prefix: string;
  },
): Variable[] {
  const variables = new Map(environment.facts);
  const set = (name: string, value: string) => variables.set(name, { name, value });
  set('MESOS_TASK_ID', launch.taskId);
  set(`${launch.prefix}HOST`, launch.hostname);
  setPorts(launch.ports, (name, value) => set(`${launch.prefix}${name}`, value));
  for (const variable of environment.own) variables.set(variable.name, variable);
  return [...variables.values()];
}

function setPorts(ports: readonly TaskPort[], set: (name: string, value: string) => void): void {
  if (ports.length === 0) return;
  const assigned: number[] = [];
  const generated: number[] = [];
  for (const [index, port] of ports.entries()) {
    const value = reachablePort(port);
    if (port.hostPort !== undefined) assigned.push(port.hostPort);
    else if (port.isGenerated) generated.push(value);
    set(`PORT${index}`, String(value));
    set(`PORT_${port.declared === 0 ? value : port.declared}`, String(value));
    if (port.name !== undefined) set(`PORT_${port.name.toUpperCase()}`, String(value));
  }
  const all = [...assigned, ...generated];
  if (all[0] !== undefined) set('PORT', String(all[0]));
  set('PORTS', all.join(','));
}

const LABEL_PREFIX = 'MARATHON_APP_LABEL_';

/** Label values by sanitised key; labels too long for a variable are left out, of two that become one the last stays. */
function labelVariables(labels: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const variables = new Map<string, string>();
  for (const [key, value] of Object.entries(labels)) {
    if (LABEL_PREFIX.length + key.length >= MAX_LABEL_VARIABLE_LENGTH) continue;
    if (value.length >= MAX_LABEL_VARIABLE_LENGTH) continue;
    variables.set(key.replace(/[^A-Za-z0-9_]+/g, '_').toUpperCase(), value);
  }
  return variables;
}

/** A number as Java writes a double: `0.1`, `128.0`, `1.0E7`. */
function doubleText(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude < 1e-3 || magnitude >= 1e7)) {
    const [digits = '', exponent = ''] = value.toExponential().split('e');
    return `${digits.includes('.') ? digits : `${digits}.0`}E${exponent.replace('+', '')}`;
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
