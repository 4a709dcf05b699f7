/** Where heads begin and end among the bytes of a connection over HTTP/1. */

const BLANK_LINE = Buffer.from('\r\n\r\n');

/**
 * The lines of the head that bytes begin with.
 * @returns its text as latin1 without the empty line, and the offset after that; `more` when it is not all there,
 *   `too-large` when it is not within the limit
 */
export function headIn(
  bytes: Buffer,
  maxBytes: number,
): { readonly text: string; readonly end: number } | 'more' | 'too-large' {
  const at = bytes.indexOf(BLANK_LINE);
  if (at < 0) return bytes.length > maxBytes ? 'too-large' : 'more';
  return at + 4 > maxBytes ? 'too-large' : { text: bytes.toString('latin1', 0, at + 2), end: at + 4 };
}

/** Without the empty lines before it: a client may send one too many (RFC 9112 section 2.2). */
export function withoutBlankLines(bytes: Buffer): Buffer {
  let at = 0;
  while (bytes[at] === 0x0d && bytes[at + 1] === 0x0a) at += 2;
  return at === 0 ? bytes : bytes.subarray(at);
}
