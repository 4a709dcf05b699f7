/** Which secrets a task wants in its environment: names only, whoever starts it looks them up. */
import type { TaskInfo } from '@stadion/contract/mesos';

/** The secrets by variable; nothing for a task without any. */
export function secretsOf(task: TaskInfo): { readonly secretEnvironment?: Readonly<Record<string, string>> } {
  const wanted = (task.command?.environment?.variables ?? []).flatMap(({ name, type, secret }): [string, string][] =>
    type === 'SECRET' ? [[name, secret?.reference?.name ?? '']] : [],
  );
  return wanted.length === 0 ? {} : { secretEnvironment: Object.fromEntries(wanted) };
}
