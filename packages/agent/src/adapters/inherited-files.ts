/**
 * Keeps this process's files from its children. Node marks its own as not to be inherited, but native libraries and
 * whoever started us may not: a task that inherits the store's file could write to it.
 */
import { openSync, readFileSync, readdirSync } from 'node:fs';

/** What a child finds as one of its files; a number is a file of ours. */
type ChildFile = 'ignore' | 'pipe' | number;

/** `O_CLOEXEC` in the octal flags of /proc/<pid>/fdinfo/<fd> (proc_pid_fdinfo(5)). */
const CLOSE_ON_EXEC = 0o2000000;
const FIRST_OTHER_FILE = 3;

/** What a child finds from its fourth file on. */
let others: readonly ChildFile[] | undefined;

/**
 * Starts a child that gets these three files and no other one of ours: any other that it would inherit is `/dev/null`
 * there. Which these are is found out at the first call, when all that opens such files has opened them.
 * @param start gets the `stdio` to spawn with
 */
export function withoutInheritedFiles<Child>(
  files: readonly [ChildFile, ChildFile, ChildFile],
  start: (stdio: ChildFile[]) => Child,
): Child {
  others ??= maskInherited();
  return start([...files, ...others]);
}

function maskInherited(): ChildFile[] {
  const inherited = inheritedFiles();
  const last = inherited.at(-1);
  if (last === undefined) return [];
  const nothing = openSync('/dev/null', 'r');
  return Array.from({ length: last - FIRST_OTHER_FILE + 1 }, (_, index) =>
    inherited.includes(index + FIRST_OTHER_FILE) ? nothing : 'ignore',
  );
}

/** The numbers, in order; none where there is no /proc of this kind. */
function inheritedFiles(): number[] {
  try {
    return readdirSync('/proc/self/fd')
      .map(Number)
      .filter((file) => file >= FIRST_OTHER_FILE && isInherited(file))
      .sort((one, other) => one - other);
  } catch {
    return [];
  }
}

function isInherited(file: number): boolean {
  try {
    const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${file}`, 'latin1'))?.[1];
    return flags !== undefined && (parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
  } catch {
    // It was open while the list was read, and no longer.
    return false;
  }
}
