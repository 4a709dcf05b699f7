/** Finds what is searched for in lines of logs. */

/** Where something was found: from a character up to another. */
export type Range = readonly [from: number, to: number];

/** Whether a line has what is searched for, and where. It is given lines as they are shown, without colours. */
export interface LineMatcher {
  test(line: string): boolean;
  ranges(line: string): readonly Range[];
}

/** Places in one line that are marked. */
export const RANGES_MAX = 200;

/** Finds words as they stand, in small letters or large. */
export function wordsMatcher(words: string): LineMatcher {
  const low = words.toLowerCase();
  return {
    test: (line) => line.toLowerCase().includes(low),
    ranges(line) {
      const text = line.toLowerCase();
      const found: Range[] = [];
      for (let at = text.indexOf(low); at >= 0 && found.length < RANGES_MAX; at = text.indexOf(low, at + low.length)) {
        found.push([at, at + low.length]);
      }
      return found;
    },
  };
}
