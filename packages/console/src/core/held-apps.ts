/** What changed in a list of apps while somebody held it still to read it. */
import type { ListedApp } from './pod-row.ts';

/** How many apps came, went or look different. */
export function changedApps(before: readonly ListedApp[], now: readonly ListedApp[]): number {
  const known = new Map(before.map((app) => [app.id, app]));
  let changed = 0;
  for (const app of now) {
    const old = known.get(app.id);
    known.delete(app.id);
    if (old === undefined || !looksSame(old, app)) changed += 1;
  }
  return changed + known.size;
}

const SEEN = ['version', 'instances', 'staged', 'running', 'healthy', 'unhealthy'] as const;

function looksSame(one: ListedApp, other: ListedApp): boolean {
  if (one === other) return true;
  return (
    SEEN.every((name) => one[name] === other[name]) &&
    one.deployments.length === other.deployments.length &&
    one.waiting?.count === other.waiting?.count
  );
}
