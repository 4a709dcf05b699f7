/** Cuts a growing text into lines, as log files are read piece by piece. */

/** A line longer than this is cut in two: nobody waits for the end of a line that may never come. */
const LINE_CHARACTERS_MAX = 64 * 1024;

/** Keeps the unfinished line between pieces. */
export class LineSplitter {
  private rest = '';

  /** Takes the next piece of the text and gives the lines that it completes, without their ends. */
  push(text: string): string[] {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    while (this.rest.length > LINE_CHARACTERS_MAX) {
      lines.push(this.rest.slice(0, LINE_CHARACTERS_MAX));
      this.rest = this.rest.slice(LINE_CHARACTERS_MAX);
    }
    return lines.map(withoutCarriageReturn);
  }

  /** The line that never ended, if there is one; the next piece begins a new line. */
  flush(): string[] {
    const { rest } = this;
    this.rest = '';
    return rest === '' ? [] : [withoutCarriageReturn(rest)];
  }
}

function withoutCarriageReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

/** Where the last `count` lines of a text begin, or undefined when it has fewer whole lines than that. */
export function lastLinesStart(text: string, count: number): number | undefined {
  if (count <= 0) return text.length;
  // A line end at the very end closes the last line, it does not begin one more.
  let position = text.endsWith('\n') ? text.length - 1 : text.length;
  for (let seen = 0; seen < count; seen += 1) {
    position = position <= 0 ? -1 : text.lastIndexOf('\n', position - 1);
    if (position < 0) return undefined;
  }
  return position + 1;
}
