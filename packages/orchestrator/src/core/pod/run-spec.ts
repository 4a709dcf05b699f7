/**
 * One idea for everything that runs: whatever plans, places, launches and replaces works on an app definition, and a pod is
 * one that also says what its containers are. Its amounts are those of all containers and the executor together.
 */
import { Type, type Static } from '@sinclair/typebox';
import { AppDefinition } from '@stadion/contract/orchestrator';
import { PodDefinition, type PodContainer, type PodEndpoint } from '@stadion/contract/orchestrator-pods';

/** What of a pod has no place in an app definition. */
export const PodParts = Type.Pick(PodDefinition, [
  'containers',
  'volumes',
  'executorResources',
  'linuxInfo',
  'legacySharedCgroups',
]);
export type PodParts = Static<typeof PodParts>;

/** An app or a pod, as it is stored. */
export const RunSpec = Type.Composite([AppDefinition, Type.Object({ pod: Type.Optional(PodParts) })]);
export type RunSpec = AppDefinition & { readonly pod?: PodParts };

/** A pod that has no version yet. */
export type PodSpec = Omit<AppDefinition, 'version' | 'versionInfo'> & { readonly pod: PodParts };

/** The pod in a definition; undefined for an app. */
export function podOf(spec: object): PodParts | undefined {
  return (spec as { readonly pod?: PodParts }).pod;
}

/** The definition itself when it is one of an app. */
export function onlyApp(spec: RunSpec | undefined): AppDefinition | undefined {
  return spec?.pod === undefined ? spec : undefined;
}

/** A port of a pod, and the container that it belongs to. */
export interface EndpointOf {
  readonly container: PodContainer;
  readonly endpoint: PodEndpoint;
}

/** All endpoints of a pod, in the order in which their ports are allocated. */
export function endpointsOf(pod: PodParts): readonly EndpointOf[] {
  return pod.containers.flatMap((container) =>
    (container.endpoints ?? []).map((endpoint) => ({ container, endpoint })),
  );
}

/**
 * The host ports that an instance wants, by endpoint: fixed ones, 0 for any, undefined for none. On a network of its own
 * an endpoint has a host port only when it says so.
 */
export function wantedPodPorts(spec: Pick<AppDefinition, 'networks'>, pod: PodParts): readonly (number | undefined)[] {
  const absent = spec.networks.some(({ mode }) => mode === 'container') ? undefined : 0;
  return endpointsOf(pod).map(({ endpoint }) => endpoint.hostPort ?? absent);
}

/** Whether any container of it has a health check. */
export function hasHealthChecks(pod: PodParts): boolean {
  return pod.containers.some(({ healthCheck }) => healthCheck !== undefined);
}
