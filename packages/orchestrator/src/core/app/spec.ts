/** The parts of an app definition that people decide, and what fills the gaps they leave. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { endpointsOf, podOf } from '../pod/run-spec.ts';

/** A canonical app before it has a version. */
export type AppSpec = Omit<AppDefinition, 'version' | 'versionInfo'>;

/** Abilities that are off unless switched on; an app that needs one is refused. Names are Marathon's where it has one. */
export type Feature = 'gpu_resources' | 'secrets' | 'external_volumes' | 'persistent_volumes';

/** What an installation fills in for apps that do not say. */
export interface AppDefaults {
  /** The role of apps that name none: Marathon's `--mesos_role`. */
  readonly role: string;
  /** The network of container networks without a name; undefined: such apps are refused. */
  readonly networkName: string | undefined;
  readonly features: ReadonlySet<Feature>;
}

/** The defaults of a fresh installation. */
export const standardDefaults: AppDefaults = {
  role: '*',
  networkName: undefined,
  features: new Set<Feature>(['gpu_resources', 'secrets', 'external_volumes', 'persistent_volumes']),
};

/** A copy without version and version information. */
export function specOf(app: AppDefinition): AppSpec {
  const { version: _version, versionInfo: _versionInfo, ...spec } = app;
  return spec;
}

/** True when the app shares the network of its agent, so that its ports are `portDefinitions`. */
export function isOnHostNetwork(app: Pick<AppSpec, 'networks'>): boolean {
  return app.networks.every((network) => network.mode === 'host');
}

/** True when others can reach the app, or the pod, at some port. */
export function hasPorts(app: Pick<AppSpec, 'portDefinitions' | 'container'>): boolean {
  const pod = podOf(app);
  if (pod !== undefined) return endpointsOf(pod).length > 0;
  return (app.portDefinitions?.length ?? 0) > 0 || (app.container?.portMappings?.length ?? 0) > 0;
}

type ContainerVolume = NonNullable<AppDefinition['container']>['volumes'][number];
/** A directory that stays on one agent and goes with one instance. */
export type PersistentVolume = NonNullable<ContainerVolume['persistent']>;

/** A persistent volume and its name: its path in the container of an app, its own name in a pod. */
export interface NamedVolume {
  readonly name: string;
  readonly persistent: PersistentVolume;
}

/** The persistent volumes of an app or a pod. */
export function persistentVolumesOf(app: Pick<AppSpec, 'container'>): readonly NamedVolume[] {
  const pod = podOf(app);
  const volumes =
    pod === undefined
      ? (app.container?.volumes ?? []).map(({ containerPath, persistent }) => ({ name: containerPath, persistent }))
      : (pod.volumes ?? []);
  return volumes.flatMap(({ name, persistent }) => (persistent === undefined ? [] : [{ name, persistent }]));
}

/** True when an app or a pod keeps data of its own on an agent. */
export function isResident(app: Pick<AppSpec, 'container'>): boolean {
  return persistentVolumesOf(app).length > 0;
}

/** True when an app uses volumes that somebody else keeps. */
export function hasExternalVolumes(app: {
  readonly container?: { readonly volumes?: readonly ContainerVolume[] };
}): boolean {
  return app.container?.volumes?.some(({ external }) => external !== undefined) ?? false;
}

/** A persistent volume with its defaults filled in. */
export function normalizePersistent(volume: PersistentVolume): PersistentVolume {
  const type = volume.type ?? (volume.profileName === undefined ? 'root' : 'mount');
  return { ...volume, type, constraints: volume.constraints ?? [] };
}
