/** Rules about apps among each other: ids that clash, dependencies that lead nowhere or in a circle. */
import type { Violation } from '@stadion/contract/orchestrator';
import { violation } from '../app/checked.ts';
import { isResident, type AppSpec } from '../app/spec.ts';
import { ancestorIds } from '../app/app-id.ts';
import { findCircle } from './dependency-circles.ts';
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

/** Nothing depends on itself, be it by way of others or of a group that it is in. */
export function circularDependencies(changed: Iterable<string>, root: ProspectiveRoot): readonly Violation[] {
  const circle = findCircle(changed, (id) => root.next(id));
  if (circle === undefined) return [];
  return [violation('/dependencies', `Dependency graph has cyclic dependencies: ${circle.join(' -> ')}`)];
}
