/** Users of the operating system: who they are, and whether this process may become them. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import { PlatformError } from '@stadion/base';

/** An account. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** How long `getent` may take; it may ask a directory server. */
const GETENT_MS_MAX = 5000;
const NAME_PATTERN = /^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,127}\$?$/;

/**
 * The account to switch to for a task, or undefined when the task runs as the agent's own user.
 * @throws PlatformError `agent-unknown-user`, or `agent-cannot-switch-user` when the agent is not root
 */
export async function resolveTaskUser(name: string | undefined): Promise<SystemUser | undefined> {
  if (name === undefined || name === '') return undefined;
  const own = ownUser();
  if (name === own.name) return undefined;
  const user = await findUser(name);
  if (user === undefined) {
    throw new PlatformError('agent-unknown-user', `The user "${name}" does not exist on this machine`);
  }
  if (user.uid === own.uid) return undefined;
  if (own.uid !== 0) {
    throw new PlatformError(
      'agent-cannot-switch-user',
      `The task wants to run as "${name}", but the agent runs as "${own.name}" and only root can switch users`,
    );
  }
  return user;
}

/** The account this process runs as. One without an entry, as in many containers, is named by its number. */
export function ownUser(): { readonly name: string; readonly uid: number } {
  try {
    const { username, uid } = userInfo();
    return { name: username, uid };
  } catch {
    const uid = process.getuid?.() ?? -1;
    return { name: String(uid), uid };
  }
}

/**
 * The variables that say who a task's user is, as far as its environment has none or still has those of this process,
 * which would be wrong for the user that the task becomes.
 */
export function variablesOf(
  user: SystemUser | undefined,
  environment: Readonly<Record<string, string>>,
): Record<string, string> {
  if (user === undefined) return {};
  const own = { HOME: user.home, USER: user.name, LOGNAME: user.name };
  return Object.fromEntries(
    Object.entries(own).filter(([name]) => {
      return environment[name] === undefined || environment[name] === process.env[name];
    }),
  );
}

/** Looks an account up: /etc/passwd first, then whatever else the system knows. */
async function findUser(name: string): Promise<SystemUser | undefined> {
  if (!NAME_PATTERN.test(name)) return undefined;
  const local = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const found = findLine(local, name);
  if (found !== undefined) return found;
  try {
    const { stdout } = await promisify(execFile)('getent', ['passwd', name], { timeout: GETENT_MS_MAX });
    return findLine(stdout, name);
  } catch {
    return undefined;
  }
}

function findLine(passwd: string, name: string): SystemUser | undefined {
  for (const line of passwd.split('\n')) {
    const [user, , uid, gid, , home] = line.split(':');
    if (user !== name || uid === undefined || gid === undefined) continue;
    return { name, uid: Number(uid), gid: Number(gid), home: home ?? '/' };
  }
  return undefined;
}
