/** Ids of instances and tasks: how they are built from an app's id, and read back. */

/** The app id with `_` for `/`, which no segment contains: `/a/b` becomes `a_b`. */
export function safeIdOf(appId: string): string {
  return appId.slice(1).replaceAll('/', '_');
}

/** The app id that a safe id stands for. */
export function appIdOfSafe(safeId: string): string {
  return `/${safeId.replaceAll('_', '/')}`;
}

/** `<safe app id>.instance-<uuid>`. */
export function instanceIdOf(safeId: string, uuid: string): string {
  return `${safeId}.instance-${uuid}`;
}

/** The safe app id inside an instance id, or undefined when the text is no instance id. */
export function safeIdOfInstance(instanceId: string): string | undefined {
  const at = instanceId.lastIndexOf('.instance-');
  return at <= 0 ? undefined : instanceId.slice(0, at);
}

/** What a task id says. `container` is `_app` for the task of an app, the container's name in a pod. */
export interface TaskIdParts {
  readonly safeId: string;
  readonly instanceId: string;
  readonly container: string;
  readonly incarnation: number;
}

/** Reads `<instance id>._app.<incarnation>` or `<instance id>.<container>.<incarnation>`; undefined for anything else. */
export function parseTaskId(taskId: string): TaskIdParts | undefined {
  const lastDot = taskId.lastIndexOf('.');
  const dot = taskId.lastIndexOf('.', lastDot - 1);
  if (dot <= 0) return undefined;
  const incarnation = Number(taskId.slice(lastDot + 1));
  const container = taskId.slice(dot + 1, lastDot);
  if (!Number.isSafeInteger(incarnation) || incarnation < 1 || container === '') return undefined;
  const instanceId = taskId.slice(0, dot);
  const safeId = safeIdOfInstance(instanceId);
  return safeId === undefined ? undefined : { safeId, instanceId, container, incarnation };
}

/** The app or pod of a task, by its id; undefined: this is no id of a task. */
export function appOfTask(task: unknown): string | undefined {
  const parts = typeof task === 'string' ? parseTaskId(task) : undefined;
  return parts === undefined ? undefined : appIdOfSafe(parts.safeId);
}
