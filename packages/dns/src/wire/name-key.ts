/**
 * Names as keys: the bytes of a name on the wire, as a latin1 string in lower case, e.g. `\x03web\x05mesos\x00`. A query's
 * name becomes a key with one slice, and a key becomes wire bytes with one write. (Length bytes are below 64, where no
 * letters are, so lowering the whole string changes letters only.)
 */

/** What RFC 1035 allows for one label and for a whole name in bytes. */
const LABEL_BYTES_MAX = 63;
const NAME_BYTES_MAX = 255;

/** The key of a name such as `web.mesos`; undefined when that cannot be a name. Non-ASCII characters cannot be. */
export function keyOfName(name: string): string | undefined {
  const trimmed = name.endsWith('.') ? name.slice(0, -1) : name;
  if (trimmed === '') return '\0';
  let key = '';
  for (const label of trimmed.split('.')) {
    if (label === '' || label.length > LABEL_BYTES_MAX || /[^!-~]/.test(label)) return undefined;
    key += String.fromCharCode(label.length) + label;
  }
  key += '\0';
  return key.length <= NAME_BYTES_MAX ? key.toLowerCase() : undefined;
}

/** The readable form of a key, without a dot at the end; the root is `.`. Odd bytes are written as `\ddd` (RFC 4343). */
export function nameOfKey(key: string): string {
  const labels = labelStarts(key).map((start) =>
    key
      .slice(start + 1, start + 1 + key.charCodeAt(start))
      .replace(/[^!-~]|[.\\]/g, (character) => `\\${String(character.charCodeAt(0)).padStart(3, '0')}`),
  );
  return labels.length === 0 ? '.' : labels.join('.');
}

/** Where each label of a key begins. */
export function labelStarts(key: string): number[] {
  const starts: number[] = [];
  for (let at = 0; at < key.length && key.charCodeAt(at) !== 0; at += 1 + key.charCodeAt(at)) starts.push(at);
  return starts;
}

/** The key without its first label; undefined for the root. */
export function parentKey(key: string): string | undefined {
  const length = key.charCodeAt(0);
  return length === 0 ? undefined : key.slice(1 + length);
}

/** Whether a key is the zone's own name or below it. */
export function isAtOrBelow(key: string, apex: string): boolean {
  if (!key.endsWith(apex)) return false;
  // The match must begin where a label does: notmesos is not below mesos.
  const start = key.length - apex.length;
  let at = 0;
  while (at < start) at += 1 + key.charCodeAt(at);
  return at === start;
}
