/** Marathon's rules for apps and pods that keep data of their own on an agent. */
import type { AppDefinition, Violation } from '@stadion/contract/orchestrator';
import { podOf } from '../pod/run-spec.ts';
import { readPattern } from '../placement/pattern.ts';
import { wantedHostPorts } from '../placement/demand.ts';
import { violation, type Refuse } from './checked.ts';
import { CONSTRAINT_VALUE_LENGTH_MAX, CONSTRAINTS_MAX, DISK_MIB_MAX } from './limits.ts';
import { isResident, persistentVolumesOf, type AppSpec, type PersistentVolume } from './spec.ts';

/** One persistent volume by itself. @param path of the volume in the document */
export function persistentVolumeRules(
  { type, size, maxSize, profileName, constraints = [] }: PersistentVolume,
  path: string,
  refuse: Refuse,
): void {
  const at = `${path}/persistent`;
  refuse(size > DISK_MIB_MAX, `${at}/size`, `must be at most ${String(DISK_MIB_MAX)}`);
  refuse(maxSize !== undefined && type !== 'mount', `${at}/maxSize`, 'is only possible with type mount');
  refuse(maxSize !== undefined && maxSize <= size, `${at}/maxSize`, 'must be greater than size');
  refuse(profileName === '', `${at}/profileName`, 'must not be empty');
  refuse(type === 'root' && profileName !== undefined, `${at}/profileName`, 'is not possible with type root');
  refuse(
    type === 'root' && constraints.length > 0,
    `${at}/constraints`,
    'Constraints on root volumes are not supported',
  );
  refuse(constraints.length > CONSTRAINTS_MAX, `${at}/constraints`, `must be at most ${String(CONSTRAINTS_MAX)}`);
  for (const [index, constraint] of constraints.slice(0, CONSTRAINTS_MAX).entries()) {
    const message = constraintProblem(constraint);
    refuse(message !== undefined, `${at}/constraints(${String(index)})`, message ?? '');
  }
}

function constraintProblem([field, operator, value, ...rest]: readonly string[]): string | undefined {
  if (value === undefined || rest.length > 0) return "must be ['path', 'LIKE' or 'UNLIKE', a regular expression]";
  if (field !== 'path') return `Unsupported field: ${String(field)}; only path is possible`;
  if (operator !== 'LIKE' && operator !== 'UNLIKE') return 'Operator must be one of LIKE, UNLIKE';
  if (value.length > CONSTRAINT_VALUE_LENGTH_MAX) {
    return `a value must have at most ${String(CONSTRAINT_VALUE_LENGTH_MAX)} characters`;
  }
  const pattern = readPattern(value);
  return pattern.ok ? undefined : pattern.message;
}

/** What persistent volumes ask of the rest of an app, and what of it may not change once they are there. */
export function residencyRules(app: AppSpec, previous: AppDefinition | undefined, refuse: Refuse): void {
  const resident = isResident(app);
  refuse(
    app.residency !== undefined && !resident,
    '/',
    'AppDefinition must contain persistent volumes and define residency',
  );
  if (resident) {
    const volumes = persistentVolumesOf(app);
    const paths = new Set(volumes.map(({ name }) => name));
    refuse(paths.size < volumes.length, '/container/volumes', 'persistent volumes must have different container paths');
    refuse(
      app.acceptedResourceRoles !== undefined && app.acceptedResourceRoles.join() !== '*',
      '/acceptedResourceRoles',
      "must be ['*'] for an app with persistent volumes",
    );
    const { maximumOverCapacity, maximumOver = 0 } = app.upgradeStrategy;
    refuse(
      maximumOverCapacity !== 0 || maximumOver !== 0,
      '/upgradeStrategy/maximumOverCapacity',
      'must be 0 with persistent volumes',
    );
  }
  if (previous !== undefined && (resident || isResident(previous))) residentUpdateRules(app, previous, refuse);
}

/** What an app with persistent volumes may not become, even where it was so before. */
export function residencyViolations(app: AppSpec, previous: AppDefinition): readonly Violation[] {
  const found: Violation[] = [];
  residencyRules(app, previous, (isWrong, path, message) => {
    if (isWrong) found.push(violation(path, message));
  });
  return found;
}

/**
 * Whether what was reserved for an instance of one definition is what another one needs. Updates keep it so; an app that was removed
 * and is there again under the same id, maybe as a pod, is another one.
 */
export function needsSameReservation(before: AppSpec, after: AppSpec): boolean {
  let isSame = (podOf(before) === undefined) === (podOf(after) === undefined);
  residentUpdateRules(after, before, (isWrong) => {
    if (isWrong) isSame = false;
  });
  return isSame;
}

/** What is reserved for an instance is what it needs, for as long as it lives. */
function residentUpdateRules(app: AppSpec, previous: AppSpec, refuse: Refuse): void {
  refuse(volumesText(app) !== volumesText(previous), '/', 'Persistent volumes can not be changed!');
  for (const name of ['cpus', 'mem', 'disk', 'gpus'] as const) {
    refuse(app[name] !== previous[name], `/${name}`, 'Resident Tasks may not change resource requirements!');
  }
  const isSame = app.requirePorts === previous.requirePorts && hostPortsText(app) === hostPortsText(previous);
  refuse(!isSame, '/', 'Resident Tasks may not change host ports or requirePorts!');
}

function volumesText(app: AppSpec): string {
  const volumes = persistentVolumesOf(app).map((volume) => JSON.stringify([volume.name, volume.persistent]));
  return volumes.sort().join();
}

function hostPortsText(app: AppSpec): string {
  return JSON.stringify(wantedHostPorts(app).map((port) => port ?? null));
}
