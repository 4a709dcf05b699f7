/** Rules about apps among each other: ids that clash, dependencies that lead nowhere or in a circle. */
import type { Violation } from '@stadion/contract/orchestrator';
import { violation } from '../app/checked.ts';
import type { AppSpec } from '../app/spec.ts';
import { ancestorIds } from '../app/app-id.ts';
import { findCircle } from './dependency-circles.ts';
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
