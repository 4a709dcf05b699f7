/**
 * The part of a file that is looked at: a stretch without gaps that grows at both ends and forgets at the other when it
 * becomes too long. Offsets are bytes, the text is what the agent made of them.
 */

/** Bytes that one request reads: the agent gives no more. */
export const CHUNK_BYTES = 65_536;
/** Bytes that are kept. */
export const WINDOW_BYTES_MAX = 4 * 1024 * 1024;

/** A stretch of a file. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** What is known of the file. */
export interface FileWindow {
  readonly stretches: readonly Stretch[];
  /** Its size, as far as it is known. */
  readonly size: number;
}

/** Nothing is known but the size. */
export function emptyWindow(size: number): FileWindow {
  return { stretches: [], size };
}

/** Where the window begins and ends. An empty one is at the end of the file. */
export function bounds({ stretches, size }: FileWindow): { readonly from: number; readonly to: number } {
  return { from: stretches[0]?.from ?? size, to: stretches.at(-1)?.to ?? size };
}

/**
 * How many bytes an answer stands for. Characters that were no UTF-8 came as replacements, whose length tells nothing:
 * then it is what was asked for.
 */
export function bytesOf(text: string, asked: number): number {
  if (text.includes('\ufffd')) return asked;
  return Math.min(asked, utf8Length(text));
}

/** The window with what was read behind its end. @param asked bytes that were there to be read */
export function appended(window: FileWindow, text: string, asked: number): FileWindow {
  const { to } = bounds(window);
  const end = to + bytesOf(text, asked);
  if (end === to) return window;
  const stretches = [...window.stretches, { from: to, to: end, text }];
  while (stretches.length > 1 && end - (stretches[0]?.from ?? 0) > WINDOW_BYTES_MAX) stretches.shift();
  return { stretches, size: Math.max(window.size, end) };
}

/** The window with what was read before its beginning. */
export function prepended(window: FileWindow, text: string, from: number): FileWindow {
  const start = bounds(window).from;
  if (from >= start) return window;
  const stretches = [{ from, to: start, text }, ...window.stretches];
  while (stretches.length > 1 && (stretches.at(-1)?.to ?? 0) - from > WINDOW_BYTES_MAX) stretches.pop();
  return { stretches, size: window.size };
}

/** The lines of the window. The first one is left out where it is only the end of a line. */
export function linesOf(window: FileWindow): readonly string[] {
  const text = window.stretches.map((stretch) => stretch.text).join('');
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (bounds(window).from > 0 && lines.length > 1) lines.shift();
  return lines;
}

/** Bytes of a text in UTF-8 (RFC 3629). */
function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
