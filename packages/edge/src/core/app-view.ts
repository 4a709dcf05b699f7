/** An app as the dialects see it: its labels, and its instances with the addresses and ports that requests can go to. */
import type { AppInfo, Task } from '@stadion/contract/orchestrator';
import type { Server } from './model.ts';

/** One instance that may get requests, or is about to stop getting them. */
export interface Instance {
  readonly taskId: string;
  /** The agent, as others reach it. */
  readonly agentHost: string;
  /** The addresses of its own, where its network gives it any. */
  readonly addresses: readonly string[];
  /** Ports at the address that {@link AppView.usesOwnAddress} chooses, in the order of the app's definitions. */
  readonly ports: readonly number[];
  /** Finishes what it has. */
  readonly isDraining: boolean;
  /** Its share among the instances of its app, which all have 1 unless some are a canary. */
  readonly share: number;
}

/** One port that an app declares. */
export interface DeclaredPort {
  readonly name: string | undefined;
  /** The port by which others know the service; undefined when none was asked for. */
  readonly servicePort: number | undefined;
}

/** What a check of the app says about probing it. */
export interface DeclaredCheck {
  readonly protocol: string;
  readonly path: string;
  readonly portIndex: number | undefined;
  readonly port: number | undefined;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly fall: number;
}

/** The app. */
export interface AppView {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Its constraints, each joined by colons, for those who filter by them. */
  readonly constraints: readonly string[];
  readonly ports: readonly DeclaredPort[];
  readonly checks: readonly DeclaredCheck[];
  readonly instances: readonly Instance[];
  /** Whether instances have addresses of their own (container networks). */
  readonly usesOwnAddress: boolean;
  /** How many instances are wanted. */
  readonly wanted: number;
  readonly lastScalingAt: string | undefined;
  /** Servers that are written down, by the lower-case name of their service: for sources that are no apps. */
  readonly fixedServers?: Readonly<Record<string, FixedServers>>;
}

/** The servers of a service in a file. */
export interface FixedServers {
  readonly scheme: 'http' | 'https' | 'h2c';
  readonly servers: readonly Server[];
}

/** What earlier views and the orchestrator's own extensions say about tasks. */
export interface Knowledge {
  readonly nowMs: number;
  /** Tasks that were serving when last seen: a change of leader blanks health for a while, and must not empty pools. */
  readonly wasServing: (taskId: string) => boolean;
}

/** A readiness check that has no result yet makes a task wait for at most its timeout plus this (as Traefik does). */
const READINESS_PATIENCE_MS = 5_000;

/** The app of an answer of `/v2/apps?embed=apps.tasks…`. */
export function viewOf(app: AppInfo, knowledge: Knowledge): AppView {
  // A real Marathon leaves out what an app does not have.
  const loose: Partial<AppInfo> = app;
  const networks = loose.networks ?? [];
  const usesOwnAddress = networks.some(({ mode }) => mode === 'container');
  const mappings = app.container?.portMappings;
  const shareOf = canaryShares(app, knowledge);
  const ports: readonly DeclaredPort[] =
    mappings === undefined
      ? (app.portDefinitions ?? []).map(({ name, port }) => ({ name, servicePort: port }))
      : mappings.map(({ name, servicePort }) => ({ name, servicePort }));
  return {
    id: app.id,
    labels: loose.labels ?? {},
    constraints: (app.constraints ?? []).map((constraint) => constraint.join(':')),
    ports,
    checks: checksOf(app),
    instances: (app.tasks ?? []).flatMap((task) => {
      const instance = instanceOf(app, task, usesOwnAddress, knowledge);
      return instance === undefined ? [] : { ...instance, share: shareOf(task) };
    }),
    usesOwnAddress,
    wanted: app.instances,
    lastScalingAt: loose.versionInfo?.lastScalingAt,
  };
}

function checksOf(app: AppInfo): readonly DeclaredCheck[] {
  return (app.healthChecks ?? []).map((check) => ({
    protocol: check.protocol,
    path: check.path ?? '/',
    portIndex: check.portIndex,
    port: check.port,
    intervalMs: check.intervalSeconds * 1000,
    timeoutMs: check.timeoutSeconds * 1000,
    fall: check.maxConsecutiveFailures + 1,
  }));
}

function instanceOf(
  app: AppInfo,
  task: Task,
  usesOwnAddress: boolean,
  knowledge: Knowledge,
): Omit<Instance, 'share'> | undefined {
  const standing = standingOf(app, task, knowledge);
  if (standing === 'out') return undefined;
  const loose: Partial<Task> = task;
  const containerPorts = (app.container?.portMappings ?? []).map(({ containerPort }) => containerPort);
  const hostPorts = loose.ports ?? [];
  return {
    taskId: task.id,
    agentHost: task.host,
    addresses: (loose.ipAddresses ?? []).map(({ ipAddress }) => ipAddress),
    ports: usesOwnAddress && containerPorts.length > 0 ? containerPorts : hostPorts,
    isDraining: standing === 'draining',
  };
}

/**
 * While there are no more instances of the new version than the canary of the app, they have its weight in percent of all
 * requests together. Once it is promoted, or where nothing old serves any more, all count alike.
 */
function canaryShares(app: AppInfo, knowledge: Knowledge): (task: Task) => number {
  // A real Marathon may leave both out.
  const loose: Partial<AppInfo> = app;
  const { instances, weight } = loose.upgradeStrategy?.canary ?? { instances: 0 };
  const since = Date.parse(loose.versionInfo?.lastConfigChangeAt ?? '');
  if (weight === undefined || Number.isNaN(since)) return () => 1;
  const isFresh = ({ version }: Task): boolean => Date.parse(version ?? '') >= since;
  const serving = (app.tasks ?? []).filter((task) => standingOf(app, task, knowledge) === 'serving');
  const fresh = serving.filter(isFresh).length;
  const old = serving.length - fresh;
  if (fresh === 0 || old === 0 || fresh > instances) return () => 1;
  const shares = [weight * old, (100 - weight) * fresh] as const;
  const unit = greatestCommonDivisor(...shares);
  return (task) => (isFresh(task) ? shares[0] : shares[1]) / unit;
}

function greatestCommonDivisor(one: number, other: number): number {
  return other === 0 ? one : greatestCommonDivisor(other, one % other);
}

/** Whether a task gets requests, only finishes them, or is no longer to be named at all. */
export function standingOf(app: AppInfo, task: Task, knowledge: Knowledge): 'serving' | 'draining' | 'out' {
  const { serving, draining }: Task = task;
  if (task.state === 'TASK_KILLING' || draining === true) return 'draining';
  if (task.state !== 'TASK_RUNNING') return 'out';
  if (serving !== undefined) return serving ? 'serving' : 'out';
  return isHealthy(app, task, knowledge) && isReady(app, task, knowledge) ? 'serving' : 'out';
}

function isHealthy(app: AppInfo, task: Task, knowledge: Knowledge): boolean {
  if ((app.healthChecks ?? []).length === 0) return true;
  const results = (task as Partial<Task>).healthCheckResults ?? [];
  if (results.length === 0) return knowledge.wasServing(task.id);
  return results.every(({ alive }) => alive);
}

function isReady(app: AppInfo, task: Task, knowledge: Knowledge): boolean {
  const checks = app.readinessChecks ?? [];
  if (checks.length === 0 || (app.deployments ?? []).length === 0) return true;
  const results = (app.readinessCheckResults ?? []).filter(({ taskId }) => taskId === task.id);
  if (results.length > 0) return results.every(({ ready }) => ready);
  const startedAt = Date.parse(task.startedAt ?? '');
  const patience = Math.max(...checks.map(({ timeoutSeconds }) => timeoutSeconds * 1000)) + READINESS_PATIENCE_MS;
  return !Number.isNaN(startedAt) && knowledge.nowMs - startedAt > patience;
}
