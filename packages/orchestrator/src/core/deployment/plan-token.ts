/** A short text that stands for what a plan was made from: with it, a stale plan is told from a fresh one. */

/** Two halves of 32 bits each, FNV-1a with different starts. */
const STARTS = [0x811c9dc5, 0x9747b28c];
const PRIME = 0x01000193;

/**
 * The token of a plan.
 * @param befores what the plan changes, as it is before: an id and a version, or nothing where there is nothing yet
 */
export function planToken(befores: readonly { readonly id: string; readonly version: string | undefined }[]): string {
  const text = befores
    .map(({ id, version }) => `${id} ${version ?? '-'}`)
    .sort()
    .join('\n');
  return STARTS.map((start) => {
    let hash = start;
    for (let index = 0; index < text.length; index += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(index), PRIME);
    }
    return (hash >>> 0).toString(16).padStart(8, '0');
  }).join('');
}
