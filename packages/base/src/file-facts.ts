/** Files in words: modes as `ls -l` writes them, and the names of users and groups. */
import { readFile } from 'node:fs/promises';

/** `-rw-r--r--`, from a mode of stat(2). */
export function modeText(mode: number): string {
  const letters = 'rwxrwxrwx';
  let text = TYPE_LETTERS[mode & 0o170000] ?? '-';
  for (let bit = 0; bit < 9; bit += 1) text += (mode & (0o400 >> bit)) === 0 ? '-' : letters.charAt(bit);
  return text;
}

const TYPE_LETTERS: Readonly<Record<number, string>> = {
  0o040000: 'd',
  0o120000: 'l',
  0o010000: 'p',
  0o140000: 's',
  0o060000: 'b',
  0o020000: 'c',
};

/** Names by number; a number without a name stands for itself. */
export interface AccountNames {
  user(uid: number): string;
  group(gid: number): string;
}

/** Reads the names of this machine. */
export async function accountNames(): Promise<AccountNames> {
  const users = await readNames('/etc/passwd');
  const groups = await readNames('/etc/group');
  return {
    user: (uid) => users.get(uid) ?? String(uid),
    group: (gid) => groups.get(gid) ?? String(gid),
  };
}

async function readNames(path: string): Promise<ReadonlyMap<number, string>> {
  const names = new Map<number, string>();
  const text = await readFile(path, 'utf8').catch(() => '');
  for (const line of text.split('\n')) {
    const [name, , id] = line.split(':');
    if (name !== undefined && id !== undefined && !names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}
