/** How near names are to what somebody types. */

/** What was typed, as words in small letters. */
export function wordsOf(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}

/**
 * How far a label is from some words: they must all occur; early and whole is near.
 * @param label in small letters
 * @returns undefined where a word does not occur
 */
export function distanceOf(label: string, words: readonly string[]): number | undefined {
  let distance = label.length / 100;
  for (const word of words) {
    const at = label.indexOf(word);
    if (at < 0) return undefined;
    const before = label[at - 1];
    distance += (before === undefined || /[/ -]/.test(before) ? 0 : 10) + at / 10;
  }
  return distance;
}
