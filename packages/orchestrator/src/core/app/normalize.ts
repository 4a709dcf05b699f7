/** Brings an app into its one canonical form: legacy members rewritten, gaps filled. Marathon reference, 2.2 to 2.8. */
import type { AppDefinition, AppInput } from '@stadion/contract/orchestrator';
import { compact, unlessEmpty, violation, type Checked } from './checked.ts';
import { resolveDependency } from './app-id.ts';
import { modernize, type ModernInput } from './modernize.ts';
import { normalizeAppCheck, normalizeHealthCheck, normalizeReadinessCheck } from './normalize-checks.ts';
import { normalizeContainer, normalizeNetworks, normalizePortDefinitions } from './normalize-network.ts';
import { hasExternalVolumes, isOnHostNetwork, specOf, type AppDefaults, type AppSpec } from './spec.ts';

/** The definition of a single instance, as a whole: what `executorResources` has when it is given in part. */
const EXECUTOR_RESOURCES = { cpus: 0.1, mem: 32, disk: 10 };

/**
 * The canonical form of an app. It is a fixed point: normalising it again changes nothing.
 * @param input what was sent; its shape has been checked
 * @param id the absolute id of the app
 * @param previous the app to be updated: members that the input lacks keep its values, those given replace them whole
 *   (`executorResources` and `resourceLimits` never stay); undefined for a new app or a full replacement
 */
export function normalizeApp(
  input: AppInput,
  id: string,
  previous: AppDefinition | undefined,
  defaults: AppDefaults,
): Checked<AppSpec> {
  const modern = modernize(input);
  if (!modern.ok) return modern;
  const complete = previous === undefined ? modern.value : overlay(previous, modern.value);
  const networks = normalizeNetworks(complete.networks, defaults);
  const nameless = networks.findIndex((network) => network.mode === 'container' && network.name === undefined);
  if (nameless >= 0) {
    const message = 'must be set for a container network: this installation has no default network name';
    return { ok: false, violations: [violation(`/networks(${String(nameless)})/name`, message)] };
  }
  return { ok: true, value: fill(complete, id, networks, defaults) };
}

function overlay(previous: AppDefinition, update: ModernInput): ModernInput {
  const { executorResources: _executor, resourceLimits: _limits, ...kept } = specOf(previous);
  const merged: ModernInput = { ...kept, ...update };
  // Ports of the old network are no wish for ports of the new one.
  const isHost = isOnHostNetwork({ networks: normalizeNetworks(merged.networks, undefined) });
  if (isHost || update.portDefinitions !== undefined) return merged;
  const { portDefinitions: _portDefinitions, ...withoutPorts } = merged;
  return withoutPorts;
}

function fill(input: ModernInput, id: string, networks: AppSpec['networks'], defaults: AppDefaults): AppSpec {
  const isHost = isOnHostNetwork({ networks });
  const resident = input.container?.volumes?.some(({ persistent }) => persistent !== undefined) ?? false;
  // Two instances with one volume, be it for a moment, are what nobody wants who does not say so.
  const isCareful = resident || hasExternalVolumes(input);
  const container = normalizeContainer(input.container, networks, input.portDefinitions);
  const portDefinitions = isHost ? normalizePortDefinitions(input.portDefinitions) : undefined;
  const hasPorts = (portDefinitions ?? container?.portMappings ?? []).length > 0;
  return compact({
    id,
    cmd: input.cmd,
    args: unlessEmpty(input.args),
    user: input.user,
    env: unlessEmpty(input.env),
    instances: input.instances ?? 1,
    cpus: input.cpus ?? 1,
    mem: input.mem ?? 128,
    disk: input.disk ?? 0,
    gpus: input.gpus ?? 0,
    executor: input.executor ?? '',
    executorResources:
      input.executorResources === undefined ? undefined : { ...EXECUTOR_RESOURCES, ...input.executorResources },
    resourceLimits: unlessEmpty(input.resourceLimits),
    constraints: unlessEmpty(input.constraints?.map(normalizeConstraint)),
    fetch: unlessEmpty(input.fetch?.map(normalizeArtifact)),
    portDefinitions,
    requirePorts: isHost && (input.requirePorts ?? false),
    networks,
    container,
    healthChecks: unlessEmpty(distinct(input.healthChecks?.map((check) => normalizeHealthCheck(check, hasPorts)))),
    check: input.check === undefined ? undefined : normalizeAppCheck(input.check, hasPorts),
    readinessChecks: unlessEmpty(input.readinessChecks?.map(normalizeReadinessCheck)),
    dependencies: unlessEmpty(distinct(input.dependencies?.map((dependency) => resolveDependency(dependency, id)))),
    upgradeStrategy: input.upgradeStrategy ?? {
      minimumHealthCapacity: isCareful ? 0.5 : 1,
      maximumOverCapacity: isCareful ? 0 : 1,
    },
    backoffSeconds: input.backoffSeconds ?? 1,
    backoffFactor: input.backoffFactor ?? 1.15,
    maxLaunchDelaySeconds: input.maxLaunchDelaySeconds ?? 300,
    taskKillGracePeriodSeconds: input.taskKillGracePeriodSeconds,
    killSelection: input.killSelection ?? 'YOUNGEST_FIRST',
    unreachableStrategy:
      input.unreachableStrategy ?? (resident ? 'disabled' : { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 }),
    residency: resident
      ? { relaunchEscalationTimeoutSeconds: 3600, taskLostBehavior: 'WAIT_FOREVER' as const, ...input.residency }
      : input.residency,
    labels: input.labels ?? {},
    secrets: unlessEmpty(input.secrets),
    acceptedResourceRoles: input.acceptedResourceRoles ?? (resident ? ['*'] : undefined),
    role: input.role ?? defaults.role,
    tty: input.tty,
  });
}

const OPERATORS_WITHOUT_VALUE = new Set(['UNIQUE', 'CLUSTER', 'GROUP_BY']);

function normalizeConstraint([field = '', operator = '', value]: readonly string[]): string[] {
  const upper = operator.toUpperCase();
  const isWithout = value === undefined || (value === '' && OPERATORS_WITHOUT_VALUE.has(upper));
  return isWithout ? [field, upper] : [field, upper, value];
}

function normalizeArtifact(artifact: NonNullable<ModernInput['fetch']>[number]): NonNullable<AppSpec['fetch']>[number] {
  return compact({
    uri: artifact.uri,
    extract: artifact.extract ?? true,
    executable: artifact.executable ?? false,
    cache: artifact.cache ?? false,
    destPath: artifact.destPath,
    checksum: artifact.checksum,
  });
}

/** The list without repetitions: Marathon keeps these as sets. */
function distinct<Item>(items: readonly Item[] | undefined): Item[] {
  const byText = new Map((items ?? []).map((item) => [JSON.stringify(item), item]));
  return [...byText.values()];
}
