/** Makes text from elsewhere harmless to a terminal: names, messages and logs must not move its cursor or retitle it. */

/** C0 and C1 controls, DEL, and characters that turn the direction of text or hide in it. Built from text for reading. */
const UNSAFE_CHARACTERS = String.raw`\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff`;
const UNSAFE = new RegExp(`[${UNSAFE_CHARACTERS}]`, 'gu');
const UNSAFE_BUT_LINES = new RegExp(`(?!\\n)[${UNSAFE_CHARACTERS}]`, 'gu');

/** An escape sequence: CSI; or OSC, DCS, SOS, PM and APC up to their end; or any other of two or three characters. */
const ESCAPE_SEQUENCE = new RegExp(
  [
    String.raw`(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]`,
    String.raw`(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c|$)`,
    String.raw`\u001b[ -/]*[0-~]?`,
  ].join('|'),
  'gu',
);

/** A colour or style: CSI … m with numbers only. */
const STYLE = /^\[[0-9;:]*m$/u;

/** One line of harmless text: every unsafe character is shown as its escape, e.g. `\x1b`. */
export function safeText(text: string): string {
  return text.replace(UNSAFE, escape);
}

/** The same for text of several lines, whose line ends stay. */
export function safeLines(text: string): string {
  return text.replace(UNSAFE_BUT_LINES, escape);
}

/** JSON or YAML text in double quotes: unsafe characters inside its strings become escapes; its own line ends stay. */
export function safeDocument(text: string): string {
  return text.replace(UNSAFE_BUT_LINES, (character) => `\\u${hex(character, 4)}`);
}

/** Whether a text has characters that {@link safeText} would show as escapes. */
export function isUnsafe(text: string): boolean {
  return text.search(UNSAFE) >= 0;
}

/**
 * One line of a log. Escape sequences are dropped, save colours and styles when `styles` is set (the line then ends with
 * a reset); tabs stay; other unsafe characters are shown as escapes.
 */
export function safeLogLine(line: string, styles: boolean): string {
  let isStyled = false;
  const parts: string[] = [];
  let end = 0;
  for (const match of line.matchAll(ESCAPE_SEQUENCE)) {
    parts.push(escapeButTabs(line.slice(end, match.index)));
    end = match.index + match[0].length;
    if (styles && match[0].startsWith(ESCAPE) && STYLE.test(match[0].slice(1))) {
      parts.push(match[0]);
      isStyled = true;
    }
  }
  parts.push(escapeButTabs(line.slice(end)));
  if (isStyled) parts.push(`${ESCAPE}[0m`);
  return parts.join('');
}

const ESCAPE = '\u001b';

function escapeButTabs(text: string): string {
  return text.replace(UNSAFE, (character) => (character === '\t' ? character : escape(character)));
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escape(character: string): string {
  const short = SHORT_ESCAPES[character];
  if (short !== undefined) return short;
  return character < '\u0100' ? `\\x${hex(character, 2)}` : `\\u${hex(character, 4)}`;
}

function hex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, '0');
}
