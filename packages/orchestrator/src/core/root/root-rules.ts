/** Rules about apps among each other: ids that clash, dependencies that lead nowhere or in a circle. */
import type { Violation } from '@stadion/contract/orchestrator';
import { violation } from '../app/checked.ts';
import { isResident, type AppSpec } from '../app/spec.ts';
import { ancestorIds } from '../app/app-id.ts';
import { findCircle, findCircleOver } from './dependency-circles.ts';
import type { ChangeContext } from './change.ts';
import type { ProspectiveRoot } from './prospective-root.ts';

/** An app, a group and a pod never share an id. Only for new apps. */
export function idClashes(app: AppSpec, root: ProspectiveRoot): readonly Violation[] {
  if (root.isGroup(app.id) && root.membersOf(app.id).next().done !== true) {
    return [violation('/id', `there already is a group with the id ${app.id}, and it is not empty`)];
  }
  const above = ancestorIds(app.id).find((id) => root.app(id) !== undefined);
  return above === undefined
    ? []
    : [violation('/id', `an app with the id ${above} already exists, so it cannot be a group`)];
}

/** A group is in nothing that is an app or a pod, and is none itself. */
export function groupClashes(id: string, root: ProspectiveRoot): readonly Violation[] {
  const taken = [id, ...ancestorIds(id)].find((each) => root.app(each) !== undefined);
  if (taken === undefined) return [];
  return [violation('/id', `there already is an app or a pod with the id ${taken}, so it cannot be a group`)];
}

/** What keeps volumes stays in the role in which these are reserved, unless somebody insists. */
export function reservedRoleViolations(
  spec: AppSpec,
  previous: AppSpec | undefined,
  { force = false }: ChangeContext,
): readonly Violation[] {
  if (force || previous === undefined || !isResident(previous) || previous.role === spec.role) return [];
  const message =
    `what its instances keep is reserved in the role ${previous.role}, and stays so. ` +
    'Send force=true to change the role of new instances';
  return [violation('/role', message)];
}

/** A volume of somebody else's that cannot be shared is used by one app only. */
export function externalVolumeClashes(apps: readonly AppSpec[], root: ProspectiveRoot): readonly Violation[] {
  if (!apps.some((app) => exclusiveVolumesOf(app).length > 0)) return [];
  const users = new Map<string, string>();
  const found: Violation[] = [];
  for (const id of root.membersOf('/')) {
    for (const name of exclusiveVolumesOf(root.app(id))) {
      const other = users.get(name);
      users.set(name, id);
      if (other === undefined || ![id, other].some((each) => apps.some((app) => app.id === each))) continue;
      found.push(violation('/container/volumes', `Volume name '${name}' in ${id} conflicts with that of ${other}`));
    }
  }
  return found;
}

/** Names of volumes that a dvdi driver attaches to one machine at a time. */
function exclusiveVolumesOf(app: AppSpec | undefined): readonly string[] {
  return (app?.container?.volumes ?? []).flatMap(({ external }) => {
    if (external?.provider !== 'dvdi' || external.shared === true) return [];
    return typeof external.name === 'string' ? [external.name] : [];
  });
}

/** What an app depends on exists. What was accepted once and has gone since does not stand in the way of other changes. */
export function unknownDependencies(
  dependencies: readonly string[] | undefined,
  accepted: readonly string[] | undefined,
  root: ProspectiveRoot,
): readonly Violation[] {
  const found: Violation[] = [];
  for (const [index, id] of (dependencies ?? []).entries()) {
    if (root.app(id) !== undefined || root.isGroup(id) || accepted?.includes(id) === true) continue;
    found.push(violation(`/dependencies(${String(index)})`, `there is no app or group with the id ${id}`));
  }
  return found;
}

/**
 * Nothing comes to depend on itself, be it by way of others or of a group that it is in. A circle that was there before, as
 * a way back may leave one, does not stand in the way of other changes.
 * @param changed ids of apps, and of groups: with all that is in these
 */
export function circularDependencies(changed: Iterable<string>, root: ProspectiveRoot): readonly Violation[] {
  const ids = [...changed];
  const next = (id: string): Iterable<string> => root.next(id);
  if (findCircle(ids, next) === undefined) return [];
  const circle = findCircleOver(newDependencies(ids, root), next);
  if (circle === undefined) return [];
  return [violation('/dependencies', `Dependency graph has cyclic dependencies: ${circle.join(' -> ')}`)];
}

/** What apps come to depend on: by that, the apps. */
function newDependencies(changed: readonly string[], root: ProspectiveRoot): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const id of changed) {
    for (const appId of root.app(id) === undefined ? root.membersOf(id) : [id]) {
      const before = new Set(root.dependenciesBefore(appId));
      for (const needed of root.dependenciesOf(appId)) {
        if (before.has(needed)) continue;
        const apps = found.get(needed) ?? new Set();
        found.set(needed, apps.add(appId));
      }
    }
  }
  return found;
}
