/** A platform that has something to show: a task that runs, and an app whose task has failed. */
import { shellApp } from './apps.ts';
import { RunningPlatform, waitFor, type TaskView } from './running-platform.ts';

/** Starts it, with an agent of `rack:a;level:10`. @param more of the app `/group/web`, whose task runs */
export async function startWithWork(
  more: Parameters<typeof shellApp>[2] = {},
): Promise<{ readonly platform: RunningPlatform; readonly task: TaskView }> {
  const platform = await RunningPlatform.start(['--attributes', 'rack:a;level:10']);
  await platform.change('POST', '/v2/apps', shellApp('/group/web', 'echo hello; exec sleep 1000', more));
  const [task] = await platform.tasks('/group/web');
  if (task === undefined) throw new Error('no task');
  await platform.call('POST', '/v2/apps', shellApp('/once', 'exit 3', { instances: 1, backoffSeconds: 3600 }));
  await waitFor(
    'a task has failed',
    async () => (await platform.call('GET', '/v2/apps/once')).body.app.lastTaskFailure,
  );
  return { platform, task };
}
