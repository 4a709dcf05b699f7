/** Who a container runs as, by the accounts of its image (passwd(5), group(5)). */

/** An account inside. */
export interface ImageUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  readonly home: string;
}

const ROOT_HOME = '/root';

/**
 * Reads `name`, `uid`, `name:group` or `uid:gid`; empty is root.
 * @returns undefined for a name that the image does not know; a number need not be known
 */
export function findImageUser(text: string, passwd: string, group: string): ImageUser | undefined {
  const [named = '', groupText] = text.split(':');
  const userText = named === '' ? '0' : named;
  const account = linesOf(passwd).find(([name, , uid]) => name === userText || uid === userText);
  const uid = toId(account?.[2] ?? userText);
  const groups = linesOf(group);
  const gid = groupText === undefined ? (toId(account?.[3] ?? '0') ?? 0) : findGroup(groupText, groups);
  if (uid === undefined || gid === undefined) return undefined;
  const name = account?.[0];
  // A group that was asked for stands alone, as with Docker.
  const others =
    groupText === undefined && name !== undefined ? groups.filter(([, , , members]) => hasMember(members, name)) : [];
  const additionalGids = others.flatMap(([, , id]) => toId(id ?? '') ?? []).filter((id) => id !== gid);
  return { uid, gid, additionalGids, home: account?.[5] ?? (uid === 0 ? ROOT_HOME : '/') };
}

function findGroup(text: string, groups: readonly string[][]): number | undefined {
  return toId(groups.find(([name]) => name === text)?.[2] ?? text);
}

function hasMember(members: string | undefined, name: string): boolean {
  return members?.split(',').includes(name) ?? false;
}

function linesOf(text: string): string[][] {
  return text.split('\n').flatMap((line) => (line === '' || line.startsWith('#') ? [] : [line.split(':')]));
}

function toId(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
