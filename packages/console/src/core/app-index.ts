/** All apps in short, in the order of their ids, and how single rows of it are renewed. */
import type { AppSummary } from '@stadion/contract/overview';

/** The apps that are known. */
export interface AppIndex {
  readonly apps: readonly AppSummary[];
  readonly byId: ReadonlyMap<string, AppSummary>;
  /** False while further pages are under way. */
  readonly isComplete: boolean;
}

/** An index of these rows. */
export function indexOf(apps: readonly AppSummary[], isComplete: boolean): AppIndex {
  return { apps, byId: new Map(apps.map((app) => [app.id, app])), isComplete };
}

/**
 * Puts fresh rows in the place of old ones.
 * @param asked the ids that were asked for: those without a fresh row are gone
 */
export function withFreshRows(index: AppIndex, asked: readonly string[], fresh: readonly AppSummary[]): AppIndex {
  const byId = new Map(index.byId);
  let isOrderKept = true;
  for (const app of fresh) {
    isOrderKept &&= byId.has(app.id);
    byId.set(app.id, app);
  }
  const found = new Set(fresh.map(({ id }) => id));
  for (const id of asked) {
    if (!found.has(id)) byId.delete(id);
  }
  const apps = [...byId.values()];
  if (!isOrderKept) apps.sort((left, right) => (left.id < right.id ? -1 : 1));
  return { apps, byId, isComplete: index.isComplete };
}
