/** JSON in ASCII only: some clients take the length of a record for one in characters. */

/** A value as JSON on one line; everything beyond ASCII is written as `\uXXXX`. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
