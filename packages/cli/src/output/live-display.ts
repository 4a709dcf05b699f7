/** Lines that change in place on a terminal; elsewhere each change of the first line is printed once. */
import stringWidth from 'string-width';
import { safeText } from '../core/safe-text.ts';
import type { Output } from '../platform/ports.ts';

const ESCAPE = '\u001b';

/** Shows progress. Texts are made safe here. */
export class LiveDisplay {
  private readonly output: Output;
  private shownLines = 0;
  private last = '';

  constructor(output: Output) {
    this.output = output;
  }

  /** Shows these lines in place of those before. Without a terminal: on one line, when something changed. */
  update(lines: readonly string[]): void {
    const safe = lines.map(safeText);
    const text = safe.join('\n');
    if (text === this.last) return;
    this.last = text;
    if (!this.output.isTerminal) {
      this.output.write(`${safe.map((line) => line.trim()).join('; ')}\n`);
      return;
    }
    const cut = safe.map((line) => truncate(line, this.output.columns));
    this.output.write(`${this.erasure()}${cut.join('\n')}\n`);
    this.shownLines = cut.length;
  }

  /** Prints a line that stays, above the changing ones. It must be safe already. */
  print(line: string): void {
    this.output.write(`${this.erasure()}${line}\n`);
    this.shownLines = 0;
    this.last = '';
  }

  /** Takes the changing lines away. */
  clear(): void {
    this.output.write(this.erasure());
    this.shownLines = 0;
    this.last = '';
  }

  private erasure(): string {
    return this.shownLines === 0 ? '' : `${ESCAPE}[${this.shownLines}A${ESCAPE}[0J`;
  }
}

/** Cuts a line to a terminal's width, so that it takes one row. */
function truncate(line: string, columns: number): string {
  if (stringWidth(line) < columns) return line;
  let width = 0;
  let result = '';
  for (const character of line) {
    width += stringWidth(character);
    if (width >= columns - 1) break;
    result += character;
  }
  return `${result}…`;
}
