/** "Did you mean": the names nearest to one that does not exist. */

/** How many names are offered. */
const SUGGESTIONS_MAX = 3;

/** The candidates closest to what was written, best first: those that contain it, and those a few slips away. */
export function suggest(written: string, candidates: Iterable<string>): string[] {
  const wanted = bareName(written);
  const scored: { name: string; score: number }[] = [];
  for (const name of candidates) {
    const score = scoreOf(wanted, bareName(name));
    if (score !== undefined) scored.push({ name, score });
  }
  scored.sort((left, right) => left.score - right.score || (left.name < right.name ? -1 : 1));
  return scored.slice(0, SUGGESTIONS_MAX).map(({ name }) => name);
}

/** A sentence with the suggestions, or an empty text when there are none. */
export function didYouMean(written: string, candidates: Iterable<string>): string {
  const names = suggest(written, candidates);
  return names.length === 0 ? '' : `Did you mean ${names.join(' or ')}?`;
}

function scoreOf(wanted: string, name: string): number | undefined {
  if (wanted.length >= 2 && name.includes(wanted)) return 0.5 + (name.length - wanted.length) / 1000;
  const distance = editDistance(wanted, name);
  return distance <= Math.max(1, Math.floor(Math.max(wanted.length, name.length) * 0.34)) ? distance : undefined;
}

/** Neither case nor the slash before an id is a difference that counts. */
function bareName(text: string): string {
  return text.toLowerCase().replace(/^\/+/, '');
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment) between two texts. */
function editDistance(left: string, right: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_unused, column) => column);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const isSame = left[row - 1] === right[column - 1];
      let best = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
      );
      if (row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]) {
        best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[right.length] ?? 0;
}
