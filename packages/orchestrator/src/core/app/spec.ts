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
  features: new Set<Feature>(['gpu_resources', 'secrets', 'external_volumes']),
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

/** True when the app keeps data of its own on an agent. */
export function isResident(app: {
  readonly container?: { readonly volumes?: readonly { persistent?: unknown }[] };
}): boolean {
  return app.container?.volumes?.some((volume) => volume.persistent !== undefined) ?? false;
}
