/** Short names of tasks: what people see in front of a log line and may write instead of a whole id. */
import type { Task } from '@stadion/contract/orchestrator';

/** `shop_web.instance-7d2c0a1e-…._app.1` is `shop_web.7d2c0a1e`; an id of another form stays as it is. */
export function instanceLabel(taskId: string): string {
  const match = /^(.+)\.(?:instance-|marathon-)?([0-9a-f]{8})-[0-9a-f-]{27}(?:[._].*)?$/.exec(taskId);
  return match === null ? taskId : `${match[1] ?? ''}.${match[2] ?? ''}`;
}

/** The tasks that a person may mean: by id, by short name, or by a beginning of four or more characters of either. */
export function matchTasks<Candidate extends Pick<Task, 'id'>>(
  tasks: readonly Candidate[],
  written: string,
): Candidate[] {
  const exact = tasks.filter(({ id }) => id === written);
  if (exact.length > 0) return exact;
  const short = tasks.filter(({ id }) => instanceLabel(id) === written);
  if (short.length > 0 || written.length < 4) return short;
  return tasks.filter(({ id }) => id.startsWith(written) || instanceLabel(id).split('.').at(-1)?.startsWith(written));
}
