/** Texts of others inside a configuration of HAProxy: quoted so that they can say nothing but themselves. */

/** Whether a text can stand in single quotes: printable ASCII without a quote. Labels with more are not for HAProxy. */
export function canBeQuoted(text: string): boolean {
  return /^[\x20-\x26\x28-\x7e]*$/.test(text) && text.length <= TEXT_MAX;
}

const TEXT_MAX = 1_024;

/** In single quotes, in which nothing has a meaning. @throws when it cannot be quoted */
export function quoted(text: string): string {
  if (!canBeQuoted(text)) throw new RangeError('This text cannot stand in the configuration of HAProxy.');
  return `'${text}'`;
}

/** As a log format that stands for the text itself. */
export function inFormat(text: string): string {
  return text.replaceAll('%', '%%');
}

/** As a pattern that matches the text itself. */
export function inPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** A key or value of a map, as the runtime API reads it. */
export function inCommand(text: string): string {
  return text.replace(/[\\ ;]/g, '\\$&');
}
