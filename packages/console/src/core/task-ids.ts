/** What a task's id tells about its app. */

/**
 * The app that a task id names: `<app id segments joined by _>.instance-<uuid>._app.<n>`. Since segments may contain the
 * joining character themselves, candidates are compared with the apps that exist.
 */
export function appIdOfTask(taskId: string, apps: ReadonlyMap<string, unknown>): string | undefined {
  const name = taskId.slice(0, taskId.lastIndexOf('.instance-'));
  const plain = `/${name.replaceAll('_', '/')}`;
  if (apps.has(plain)) return plain;
  for (const id of apps.keys()) if (id.slice(1).replaceAll('/', '_') === name) return id;
  return undefined;
}
