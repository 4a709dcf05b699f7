/** What one instance of an app takes from an offer, worked out once per app definition. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { takesRevocable } from '../app/revocable.ts';
import { isOnHostNetwork, persistentVolumesOf } from '../app/spec.ts';
import { podOf, wantedPodPorts } from '../pod/run-spec.ts';
import { ownDiskDemands, type OwnDiskDemand } from './own-disks.ts';
import type { PreparedOffer } from './types.ts';

/** What an agent must be able to run, as one of several ways. */
export interface RunnerDemand {
  readonly code: 'docker-missing' | 'linux-missing' | 'posix-missing';
  readonly anyOf: readonly string[];
  /** The name for people. */
  readonly name: string;
}

/** The demand of one instance. Scalars in thousandths. */
export interface Demand {
  readonly role: string;
  /** Of its volumes those that want disks of their own. */
  readonly ownDisks: readonly OwnDiskDemand[];
  /** Whether what it takes is reserved for it. */
  readonly isResident: boolean;
  /** False for an app that accepts reserved resources only. */
  readonly acceptsUnreserved: boolean;
  readonly runner: RunnerDemand;
  /** Whether its cpus are only lent to it. */
  readonly isRevocable: boolean;
  readonly cpusMilli: number;
  readonly memMilli: number;
  readonly diskMilli: number;
  readonly gpusMilli: number;
  /** One per definition or mapping: a fixed host port, 0 for any, undefined for none. */
  readonly ports: readonly (number | undefined)[];
  /** The fixed ones among them, each once: a tcp and a udp mapping may share a number. */
  readonly fixedPorts: readonly number[];
  /** How many different host ports in all. */
  readonly portCount: number;
  /** Two demands with the same text fit the same offers, constraints aside. */
  readonly shape: string;
}

const memo = new WeakMap<AppDefinition, Demand>();

/** The demand of one instance of this app. */
export function demandOf(app: AppDefinition): Demand {
  const known = memo.get(app);
  if (known !== undefined) return known;
  const demand = computeDemand(app);
  memo.set(app, demand);
  return demand;
}

/** Whether the offer's agent can run it; one that does not say can run anything. */
export function canRun(offer: PreparedOffer, runner: RunnerDemand): boolean {
  return offer.containerizers === undefined || runner.anyOf.some((name) => offer.containerizers?.has(name));
}

function computeDemand(app: AppDefinition): Demand {
  const ports = wantedHostPorts(app);
  const fixedPorts = [...new Set(ports.flatMap((port) => (port === undefined || port === 0 ? [] : [port])))];
  const runner = runnerOf(app);
  const volumes = persistentVolumesOf(app);
  const onRoot = volumes.filter(({ persistent }) => (persistent.type ?? 'root') === 'root');
  const scalars = {
    cpusMilli: Math.round(app.cpus * 1000),
    memMilli: Math.round(app.mem * 1000),
    diskMilli: Math.round((app.disk + onRoot.reduce((sum, { persistent }) => sum + persistent.size, 0)) * 1000),
    gpusMilli: Math.round(app.gpus * 1000),
  };
  const isRevocable = takesRevocable(app);
  const acceptsUnreserved = app.acceptedResourceRoles?.includes('*') ?? true;
  return {
    role: app.role,
    ownDisks: ownDiskDemands(app),
    isResident: volumes.length > 0,
    acceptsUnreserved,
    runner,
    isRevocable,
    ...scalars,
    ports,
    fixedPorts,
    portCount: fixedPorts.length + ports.filter((port) => port === 0).length,
    shape: [
      app.role,
      acceptsUnreserved,
      volumes.length > 0,
      ...(onRoot.length === volumes.length ? [] : [JSON.stringify(volumes)]),
      runner.code,
      ...(isRevocable ? ['revocable'] : []),
      ...Object.values(scalars),
      ...ports,
    ].join('|'),
  };
}

/** As in Marathon: definitions fix their host port only with requirePorts; mappings by hostPort; no hostPort, no port. */
export function wantedHostPorts(app: Omit<AppDefinition, 'version' | 'versionInfo'>): readonly (number | undefined)[] {
  const pod = podOf(app);
  if (pod !== undefined) return wantedPodPorts(app, pod);
  if (isOnHostNetwork(app)) return (app.portDefinitions ?? []).map(({ port }) => (app.requirePorts ? port : 0));
  const absent = app.networks.some(({ mode }) => mode === 'container/bridge') ? 0 : undefined;
  return (app.container?.portMappings ?? []).map(({ hostPort }) => hostPort ?? absent);
}

const DOCKER: RunnerDemand = { code: 'docker-missing', anyOf: ['docker'], name: 'Docker' };
const LINUX: RunnerDemand = { code: 'linux-missing', anyOf: ['linux'], name: 'the linux containerizer' };
const PROCESS: RunnerDemand = {
  code: 'posix-missing',
  anyOf: ['posix', 'linux'],
  name: 'a containerizer for plain processes',
};

function runnerOf(app: AppDefinition): RunnerDemand {
  const pod = podOf(app);
  if (pod !== undefined) {
    const isConfined = [pod, ...pod.containers].some(({ linuxInfo }) => linuxInfo !== undefined);
    const isPlain = isOnHostNetwork(app) && !isConfined && pod.containers.every(({ image }) => image === undefined);
    return isPlain ? PROCESS : LINUX;
  }
  if (app.container?.type === 'DOCKER') return DOCKER;
  // Files with secrets and persistent volumes are links in the sandbox where nothing can be mounted.
  const hasMounts =
    app.container?.volumes.some(({ secret, persistent }) => secret === undefined && persistent === undefined) ?? false;
  const needsMore = hasMounts || !isOnHostNetwork(app) || app.container?.linuxInfo !== undefined;
  return app.container?.docker === undefined && !needsMore ? PROCESS : LINUX;
}
