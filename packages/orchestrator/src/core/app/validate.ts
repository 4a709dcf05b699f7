/** Decides whether a canonical app makes sense by itself. What concerns other apps is in `core/root`. */
import type { AppDefinition, Violation } from '@stadion/contract/orchestrator';
import { violation, type Refuse } from './checked.ts';
import {
  BACKOFF_FACTOR_MAX,
  CPUS_MAX,
  DEFINITION_BYTES_MAX,
  DISK_MIB_MAX,
  GPUS_MAX,
  INSTANCES_MAX,
  MEM_MIB_MAX,
  VIOLATIONS_MAX,
} from './limits.ts';
import { revocableRules } from './revocable.ts';
import { isResident, type AppDefaults, type AppSpec, type Feature } from './spec.ts';
import { appCheckRules, healthCheckRules, readinessCheckRules } from './validate-checks.ts';
import { residencyRules } from './validate-volumes.ts';
import { constraintRules } from './validate-constraints.ts';
import { containerRules, networkRules, portRules } from './validate-network.ts';

/**
 * Everything that is wrong with an app; empty when it may run. The rules are Marathon's.
 * @param previous the app as it is now; its role stays allowed
 */
export function validateApp(
  app: AppSpec,
  previous: AppDefinition | undefined,
  defaults: AppDefaults,
): readonly Violation[] {
  const found: Violation[] = [];
  const refuse: Refuse = (isWrong, path, message) => {
    if (isWrong && found.length < VIOLATIONS_MAX) found.push(violation(path, message));
  };
  commandRules(app, refuse);
  environmentRules(app, refuse);
  resourceRules(app, refuse);
  featureRules(app, defaults.features, refuse);
  roleRules(app, previous, defaults, refuse);
  strategyRules(app, refuse);
  residencyRules(app, previous, refuse);
  revocableRules(app, refuse);
  artifactRules(app, refuse);
  networkRules(app, refuse);
  containerRules(app, refuse);
  portRules(app, refuse);
  constraintRules(app, refuse);
  healthCheckRules(app, refuse);
  readinessCheckRules(app, refuse);
  appCheckRules(app, refuse);
  const bytes = utf8Length(JSON.stringify(app));
  refuse(
    bytes > DEFINITION_BYTES_MAX,
    '/',
    `is ${String(bytes)} bytes of JSON, the limit for one definition is ${String(DEFINITION_BYTES_MAX)}: ` +
      'use fewer or shorter labels, environment values and arguments',
  );
  return found;
}

function commandRules(app: AppSpec, refuse: Refuse): void {
  const hasImage = app.container?.docker !== undefined || app.container?.type === 'MESOS';
  const isWrong = app.cmd === undefined ? app.args === undefined && !hasImage : app.args !== undefined;
  refuse(isWrong, '/', "AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'.");
  refuse(app.cmd?.length === 1, '/cmd', 'must not be an empty string');
  refuse(hasNul(app.cmd), '/cmd', 'must not contain a NUL character');
  refuse(app.args?.some(hasNul) ?? false, '/args', 'must not contain a NUL character');
  refuse(hasNul(app.user), '/user', 'must not contain a NUL character');
  executorRules(app, refuse);
}

/** As Marathon reads it: empty, `//cmd`, or a path. What runs a task is also who knows how it does. */
function executorRules(app: AppSpec, refuse: Refuse): void {
  const isPath = /^\/?[^/'\0]+(?:\/[^/'\0]+)*$/.test(app.executor);
  if (app.executor === '' || app.executor === '//cmd') return;
  refuse(!isPath, '/executor', "must be '//cmd', a string containing only single slashes ('/'), or blank");
  const checks = (app.healthChecks?.length ?? 0) + (app.readinessChecks?.length ?? 0) + Number(app.check !== undefined);
  refuse(checks > 0, '/executor', 'must be empty where there are checks: an executor of its own tells how its task is');
  const volumes = app.container?.volumes.some((volume) => 'persistent' in volume) ?? false;
  refuse(
    volumes,
    '/executor',
    'must be empty where there are volumes that stay: only tasks of the agent itself have them',
  );
}

function environmentRules(app: AppSpec, refuse: Refuse): void {
  for (const [name, value] of Object.entries(app.env ?? {})) {
    const path = `/env/${name}`;
    refuse(name === '', '/env', 'must not contain an empty name');
    refuse(/[=\0]/.test(name), path, "a name must contain neither '=' nor a NUL character");
    if (typeof value === 'string') {
      refuse(hasNul(value), path, 'must not contain a NUL character');
    } else {
      const isKnown = Object.hasOwn(app.secrets ?? {}, value.secret);
      refuse(!isKnown, path, `there is no secret '${value.secret}' in secrets`);
    }
  }
}

function resourceRules(app: AppSpec, refuse: Refuse): void {
  const atMost = (name: string, value: number, limit: number): void => {
    refuse(value > limit, `/${name}`, `must be at most ${String(limit)}`);
  };
  atMost('instances', app.instances, INSTANCES_MAX);
  atMost('cpus', app.cpus, CPUS_MAX);
  atMost('mem', app.mem, MEM_MIB_MAX);
  atMost('disk', app.disk, DISK_MIB_MAX);
  atMost('gpus', app.gpus, GPUS_MAX);
  atMost('backoffFactor', app.backoffFactor, BACKOFF_FACTOR_MAX);
  for (const name of ['cpus', 'mem'] as const) {
    const limit = app.resourceLimits?.[name];
    const isBelow = typeof limit === 'number' && limit < app[name];
    refuse(isBelow, `/resourceLimits/${name}`, `must not be less than ${name}, which is ${String(app[name])}`);
  }
}

function featureRules(app: AppSpec, features: ReadonlySet<Feature>, refuse: Refuse): void {
  const needs = (isUsed: boolean, feature: Feature, path: string): void => {
    refuse(isUsed && !features.has(feature), path, `Feature ${feature} is not enabled.`);
  };
  const volumes = app.container?.volumes ?? [];
  const usesSecretVolumes = volumes.some((volume) => volume.secret !== undefined);
  needs(app.gpus > 0, 'gpu_resources', '/gpus');
  needs(app.secrets !== undefined || usesSecretVolumes, 'secrets', '/secrets');
  needs(isResident(app), 'persistent_volumes', '/container/volumes');
  needs(
    volumes.some((volume) => volume.external !== undefined),
    'external_volumes',
    '/container/volumes',
  );
  const isDocker = app.container?.type === 'DOCKER';
  refuse(app.gpus > 0 && isDocker, '/gpus', 'GPU resources only work with the Mesos containerizer');
  refuse(app.check !== undefined && isDocker, '/check', 'is not possible in a container of type DOCKER');
}

/** Which role an app may have: the default one, its top group, or the one it has already. */
function roleRules(app: AppSpec, previous: AppDefinition | undefined, defaults: AppDefaults, refuse: Refuse): void {
  const [, group = '', below] = app.id.split('/');
  const allowed = new Set([defaults.role]);
  if (below !== undefined) allowed.add(group);
  if (previous !== undefined) allowed.add(previous.role);
  refuse(!allowed.has(app.role), '/role', `must be one of: ${[...allowed].join(', ')}`);
  const accepted = app.acceptedResourceRoles;
  if (accepted === undefined) return;
  const path = '/acceptedResourceRoles';
  refuse(accepted.length === 0, path, 'must not be empty');
  const foreign = accepted.filter((role) => role !== '*' && role !== app.role);
  refuse(foreign.length > 0, path, `can only contain * and ${app.role}`);
}

function strategyRules(app: AppSpec, refuse: Refuse): void {
  const { minimumHealthCapacity: minimum, maximumOverCapacity: over } = app.upgradeStrategy;
  if (app.labels.MARATHON_SINGLE_INSTANCE_APP === 'true') {
    const because = 'for an app labelled MARATHON_SINGLE_INSTANCE_APP';
    refuse(app.instances > 1, '/instances', `must be at most 1 ${because}`);
    refuse(minimum !== 0, '/upgradeStrategy/minimumHealthCapacity', `must be 0 ${because}`);
    refuse(over !== 0, '/upgradeStrategy/maximumOverCapacity', `must be 0 ${because}`);
  }
  const unreachable = app.unreachableStrategy;
  refuse(
    unreachable !== 'disabled' && unreachable.inactiveAfterSeconds > unreachable.expungeAfterSeconds,
    '/unreachableStrategy/inactiveAfterSeconds',
    'must not be greater than expungeAfterSeconds',
  );
}

function artifactRules(app: AppSpec, refuse: Refuse): void {
  for (const [index, artifact] of (app.fetch ?? []).entries()) {
    const path = `/fetch(${String(index)})`;
    const isUri = /^[^\s<>"{}|\\^`\p{Cc}]+$/u.test(artifact.uri) && !/%(?![0-9A-Fa-f]{2})/.test(artifact.uri);
    refuse(!isUri, `${path}/uri`, 'URI has invalid syntax.');
    const target = artifact.destPath;
    const climbs = target !== undefined && (target.startsWith('/') || target.split('/').includes('..'));
    refuse(climbs, `${path}/destPath`, 'must be a path inside the sandbox: neither absolute nor with ..');
    refuse(target === '' || hasNul(target), `${path}/destPath`, 'must be a file name without NUL characters');
  }
}

function hasNul(text: string | undefined): boolean {
  return text?.includes('\0') ?? false;
}

/** Bytes of a text in UTF-8. JSON text has no lone surrogates: they are escaped. */
function utf8Length(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    // Of the four bytes of a surrogate pair, two are counted at each of its halves.
    length += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2;
  }
  return length;
}
