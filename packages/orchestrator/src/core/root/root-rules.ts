/** Rules about apps among each other: ids that clash, dependencies that lead nowhere or in a circle. */
import type { AppDefinition, Violation } from '@stadion/contract/orchestrator';
import { violation } from '../app/checked.ts';
import type { AppSpec } from '../app/spec.ts';
import { ancestorIds } from '../app/app-id.ts';
import type { ProspectiveRoot } from './prospective-root.ts';

/** An app, a group and a pod never share an id. Only for new apps. */
export function idClashes(app: AppSpec, root: ProspectiveRoot): readonly Violation[] {
  if (root.isGroup(app.id)) {
    return [violation('/id', `there already is a group with the id ${app.id}, and it is not empty`)];
  }
  const above = ancestorIds(app.id).find((id) => root.app(id) !== undefined);
  return above === undefined
    ? []
    : [violation('/id', `an app with the id ${above} already exists, so it cannot be a group`)];
}

/**
 * What an app depends on exists, and never depends on the app itself. A dependency that was accepted once and has gone
 * since does not stand in the way of other changes.
 */
export function dependencyViolations(
  app: AppSpec,
  previous: AppDefinition | undefined,
  root: ProspectiveRoot,
): readonly Violation[] {
  const found: Violation[] = [];
  for (const [index, id] of (app.dependencies ?? []).entries()) {
    const isKnown = root.app(id) !== undefined || root.isGroup(id);
    const wasAccepted = previous?.dependencies?.includes(id) ?? false;
    if (isKnown || wasAccepted) continue;
    found.push(violation(`/dependencies(${String(index)})`, `there is no app or group with the id ${id}`));
  }
  const circle = findCircle(app, root);
  if (circle !== undefined) {
    found.push(violation('/dependencies', `Dependency graph has cyclic dependencies: ${circle.join(' -> ')}`));
  }
  return found;
}

/** The way from the app back to itself along dependencies, or undefined. */
function findCircle(app: AppSpec, root: ProspectiveRoot): readonly string[] | undefined {
  const cameFrom = new Map<string, string>();
  const toVisit: AppSpec[] = [app];
  for (let at = toVisit.pop(); at !== undefined; at = toVisit.pop()) {
    for (const dependency of at.dependencies ?? []) {
      for (const next of root.meantBy(dependency)) {
        if (next.id === app.id) return [...wayTo(at.id, app.id, cameFrom), app.id];
        if (cameFrom.has(next.id)) continue;
        cameFrom.set(next.id, at.id);
        toVisit.push(next);
      }
    }
  }
  return undefined;
}

function wayTo(end: string, start: string, cameFrom: ReadonlyMap<string, string>): readonly string[] {
  const way: string[] = [];
  for (let at: string | undefined = end; at !== undefined && at !== start; at = cameFrom.get(at)) way.unshift(at);
  return [start, ...way];
}
