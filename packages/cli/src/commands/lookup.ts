/** Finds what a person named, or says what was perhaps meant. */
import { isApiError, type OrchestratorClient } from '@stadion/contract/client';
import type { AppInfo, QueueItem, Task } from '@stadion/contract/orchestrator';
import { appId } from '../core/app-condition.ts';
import { didYouMean } from '../core/suggestions.ts';
import { instanceLabel } from '../core/task-names.ts';
import { notFound } from '../report-error.ts';

/** One app with its tasks. @throws PlatformError `not-found` with the ids that are nearest */
export async function getApp(client: OrchestratorClient, written: string): Promise<AppInfo> {
  const id = appId(written);
  try {
    return (await client.getApp({ params: { id } })).app;
  } catch (error) {
    if (!isApiError(error) || error.status !== 404) throw error;
    const { apps } = await client.listApps();
    const ids = apps.map((app) => app.id);
    throw notFound(
      `There is no app ${id}.`,
      didYouMean(id, ids) ||
        (ids.length === 0 ? 'Add one with: stadion app add FILE' : 'See all with: stadion app list'),
    );
  }
}

/** The launch queue by app id. */
export function queueByApp(queue: readonly QueueItem[]): ReadonlyMap<string, QueueItem> {
  return new Map(queue.map((item) => [item.app.id, item]));
}

/** What was perhaps meant by a task that does not exist. */
export function taskHint(written: string, tasks: readonly Pick<Task, 'id' | 'appId'>[]): string {
  const ofApp = tasks.find((task) => task.appId === appId(written));
  if (ofApp !== undefined) return `${ofApp.appId} is an app; its tasks: stadion task list ${ofApp.appId}`;
  return (
    didYouMean(
      written,
      tasks.map(({ id }) => instanceLabel(id)),
    ) || 'See all with: stadion task list'
  );
}
