/** A line of a log as safe pieces: colours of terminals become styles, everything else that controls becomes visible or goes. */

/** A piece of a line with one look. Colours are 0 to 7, as terminals number them. */
export interface LogPiece {
  readonly text: string;
  readonly color?: number;
  readonly isBold?: true;
  readonly isFaint?: true;
}

interface Look {
  color?: number;
  isBold?: true;
  isFaint?: true;
}

/** Characters of a line that are shown; the rest is counted. */
export const LINE_CHARACTERS_MAX = 4_000;

/** CSI sequences (`ESC [ … letter`), OSC sequences (to BEL or ST), and single escapes. */
const ESCAPES = new RegExp(
  String.raw`\u001b\[([0-9;:?]*)[ -/]*([@-~])|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -~]?`,
  'g',
);
/** What turns the direction of text, and other characters that are not seen. */
const HIDDEN = new RegExp(
  String.raw`[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]`,
  'g',
);

/** The pieces of a line. Nothing of it can be markup, move a cursor or turn the direction of what follows. */
export function logPieces(line: string): readonly LogPiece[] {
  const isLong = line.length > LINE_CHARACTERS_MAX;
  const shown = afterReturn(isLong ? line.slice(0, LINE_CHARACTERS_MAX) : line);
  const pieces: LogPiece[] = [];
  let look: Look = {};
  let from = 0;
  const push = (text: string): void => {
    if (text !== '') pieces.push({ text: visible(text), ...look });
  };
  for (const match of shown.matchAll(ESCAPES)) {
    push(shown.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[2] === 'm') look = changed(look, match[1] ?? '');
  }
  push(shown.slice(from));
  if (isLong) {
    const more = line.length - LINE_CHARACTERS_MAX;
    pieces.push({ text: ` … ${String(more)} more characters, in the download`, isFaint: true });
  }
  return pieces;
}

/** The line without colours, for searching. */
export function plainLine(line: string): string {
  return logPieces(line)
    .map(({ text }) => text)
    .join('');
}

/** A progress bar writes over itself: what stands after the last return is what a terminal would show. */
function afterReturn(line: string): string {
  const text = line.replace(/\r+$/, '');
  return text.slice(text.lastIndexOf('\r') + 1);
}

function visible(text: string): string {
  return text.replace(HIDDEN, (character) => {
    const code = character.charCodeAt(0).toString(16).padStart(4, '0');
    return `\\u${code}`;
  });
}

function changed(look: Look, codes: string): Look {
  const result: Look = { ...look };
  const numbers = codes.split(/[;:]/).map(Number);
  for (let index = 0; index < numbers.length; index += 1) {
    const code = numbers[index] ?? 0;
    if (code === 0) {
      delete result.color;
      delete result.isBold;
      delete result.isFaint;
    } else if (code === 1) result.isBold = true;
    else if (code === 2) result.isFaint = true;
    else if (code === 22) {
      delete result.isBold;
      delete result.isFaint;
    } else if (code >= 30 && code <= 37) result.color = code - 30;
    else if (code >= 90 && code <= 97) result.color = code - 90;
    else if (code === 39) delete result.color;
    // Colours of 256 and of 16 million: their numbers follow and are passed over.
    else if (code === 38 || code === 48) index += numbers[index + 1] === 5 ? 2 : 4;
  }
  return result;
}
