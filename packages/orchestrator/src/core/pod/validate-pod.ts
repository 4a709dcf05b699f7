/** Decides whether a canonical pod makes sense by itself: Marathon's rules, and those it shares with apps. */
import type { AppDefinition, Violation } from '@stadion/contract/orchestrator';
import type { PodCheck, PodContainer, PodVolume } from '@stadion/contract/orchestrator-pods';
import { violation, type Refuse } from '../app/checked.ts';
import { VIOLATIONS_MAX } from '../app/limits.ts';
import type { AppDefaults } from '../app/spec.ts';
import { linuxRules } from '../app/validate-linux.ts';
import { validateApp } from '../app/validate.ts';
import { persistentVolumeRules } from '../app/validate-volumes.ts';
import { endpointsOf, type PodSpec } from './run-spec.ts';

/** Names of environment variables are strict for pods. */
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,253}$/;

/** Everything that is wrong with a pod; empty when it may run. */
export function validatePod(
  spec: PodSpec,
  previous: AppDefinition | undefined,
  defaults: AppDefaults,
): readonly Violation[] {
  const found: Violation[] = [];
  const refuse: Refuse = (isWrong, path, message) => {
    if (isWrong && found.length < VIOLATIONS_MAX) found.push(violation(path, message));
  };
  // What a pod has in common with an app: sizes, roles, networks, constraints, strategies, secrets of its environment.
  const { pod } = spec;
  const common = validateApp({ ...spec, cmd: 'containers run it' }, previous, defaults);
  found.push(...common.map(({ path, errors }) => violation(podPath(path), ...errors)));
  refuse(pod.containers.length === 0, '/containers', 'must not be empty');
  endpointRules(spec, refuse);
  volumeRules(spec, refuse);
  linuxRules(pod.linuxInfo, '/linuxInfo', refuse);
  environmentRules('/environment', spec.env, spec, refuse);
  const names = pod.containers.map(({ name }) => name);
  refuse(new Set(names).size < names.length, '/containers', 'container names are unique');
  for (const [index, container] of pod.containers.entries()) {
    containerRules(container, spec, `/containers(${String(index)})`, refuse);
  }
  return found;
}

/** Where an app has something that a pod has elsewhere. */
function podPath(path: string): string {
  if (path === '/container/volumes') return '/volumes';
  if (path === '/instances') return '/scaling/instances';
  if (path.startsWith('/upgradeStrategy')) return path.replace('/upgradeStrategy', '/scheduling/upgrade');
  if (path.startsWith('/unreachableStrategy')) return `/scheduling${path}`;
  if (path.startsWith('/constraints')) return `/scheduling/placement${path}`;
  if (path.startsWith('/acceptedResourceRoles')) return `/scheduling/placement${path}`;
  return path.startsWith('/env/') ? path.replace('/env/', '/environment/') : path;
}

function containerRules(container: PodContainer, spec: PodSpec, path: string, refuse: Refuse): void {
  const { exec, image, healthCheck, resources } = container;
  refuse(exec === undefined && image === undefined, `${path}/exec`, 'a container without an image needs a command');
  refuse(image?.kind === 'APPC', `${path}/image/kind`, 'must be DOCKER');
  const pullSecret = image?.pullConfig?.secret;
  const isKnown = pullSecret === undefined || Object.hasOwn(spec.secrets ?? {}, pullSecret);
  refuse(!isKnown, `${path}/image/pullConfig/secret`, 'must name one of secrets');
  refuse(resources.cpus < 0.001, `${path}/resources/cpus`, 'must be at least 0.001');
  environmentRules(`${path}/environment`, container.environment, spec, refuse);
  if (container.check !== undefined) checkWayRules(container, container.check, `${path}/check`, refuse);
  linuxRules(container.linuxInfo, `${path}/linuxInfo`, refuse);
  if (healthCheck === undefined) return;
  checkWayRules(container, healthCheck, `${path}/healthCheck`, refuse);
  refuse(
    healthCheck.timeoutSeconds >= healthCheck.intervalSeconds,
    `${path}/healthCheck/timeoutSeconds`,
    'must be less than intervalSeconds',
  );
}

function checkWayRules(
  { endpoints }: PodContainer,
  { http, tcp, exec }: Pick<PodCheck, 'http' | 'tcp' | 'exec'>,
  path: string,
  refuse: Refuse,
): void {
  const ways = [http, tcp, exec].filter((way) => way !== undefined);
  refuse(ways.length !== 1, path, 'must have exactly one of http, tcp and exec');
  const endpoint = http?.endpoint ?? tcp?.endpoint;
  const known = endpoints?.some(({ name }) => name === endpoint) ?? false;
  refuse(endpoint !== undefined && !known, path, `there is no endpoint '${endpoint ?? ''}' here`);
}

function endpointRules(spec: PodSpec, refuse: Refuse): void {
  const endpoints = endpointsOf(spec.pod).map(({ endpoint }) => endpoint);
  const isHost = spec.networks.every(({ mode }) => mode === 'host');
  const path = '/containers/endpoints';
  refuse(hasTwice(endpoints.map(({ name }) => name)), path, 'endpoint names are unique across all containers');
  refuse(hasTwice(endpoints.map(({ hostPort }) => hostPort)), path, 'host ports are unique across all containers');
  refuse(
    hasTwice(endpoints.map((each) => each.containerPort)),
    path,
    'container ports are unique across all containers',
  );
  for (const { name, containerPort } of endpoints) {
    refuse(
      isHost && containerPort !== undefined,
      `${path}/${name}`,
      'containerPort has no meaning on the host network',
    );
    refuse(!isHost && containerPort === undefined, `${path}/${name}`, 'containerPort is required on this network');
  }
}

function volumeRules(spec: PodSpec, refuse: Refuse): void {
  const volumes = new Map((spec.pod.volumes ?? []).map((volume) => [volume.name, volume]));
  refuse(volumes.size < (spec.pod.volumes?.length ?? 0), '/volumes', 'volume names are unique');
  const mounted = new Set<string>();
  for (const [index, { volumeMounts = [] }] of spec.pod.containers.entries()) {
    for (const { name } of volumeMounts) {
      mounted.add(name);
      refuse(!volumes.has(name), `/containers(${String(index)})/volumeMounts`, `there is no volume '${name}'`);
    }
  }
  for (const volume of volumes.values()) {
    const path = `/volumes/${volume.name}`;
    refuse(!mounted.has(volume.name), path, 'is not mounted by any container');
    refuse(kindsOf(volume) > 1, path, 'must be one of host, secret and persistent');
    if (volume.persistent !== undefined) persistentVolumeRules(volume.persistent, path, refuse);
    const isKnown = volume.secret === undefined || Object.hasOwn(spec.secrets ?? {}, volume.secret);
    refuse(!isKnown, path, 'must name one of secrets');
  }
}

function kindsOf({ host, secret, persistent }: PodVolume): number {
  return [host, secret, persistent].filter((kind) => kind !== undefined).length;
}

function environmentRules(path: string, environment: PodSpec['env'], spec: PodSpec, refuse: Refuse): void {
  for (const [name, value] of Object.entries(environment ?? {})) {
    refuse(!VARIABLE_NAME.test(name), `${path}/${name}`, `must fully match ${VARIABLE_NAME.source}`);
    if (typeof value === 'string') continue;
    const isKnown = Object.hasOwn(spec.secrets ?? {}, value.secret);
    refuse(!isKnown, `${path}/${name}`, `there is no secret '${value.secret}' in secrets`);
  }
}

/** Whether a value occurs twice; 0 stands for any, and may. */
function hasTwice(values: readonly (string | number | undefined)[]): boolean {
  const given = values.filter((value) => value !== undefined && value !== 0);
  return new Set(given).size < given.length;
}
