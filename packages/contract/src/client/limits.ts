/** What the clients put up with. */
export const limits = {
  /** An answer larger than this is refused: it would not fit into a text. */
  answerBytes: 256 * 1024 * 1024,
  /** One event of a stream, as text. A full deployment plan of 10,000 apps stays well below. */
  eventCharacters: 16 * 1024 * 1024,
  /** How much of an answer that is no JSON goes into an error message. */
  excerptCharacters: 200,
} as const;
