/** A text that must not be seen: it prints as `***` wherever it is logged, joined or serialized by oversight. */
import { createHash, timingSafeEqual } from 'node:crypto';

const HIDDEN = '***';

/** Keeps one secret. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself, for the one place that needs it. */
  reveal(): string {
    return this.#text;
  }

  /** Whether a text is the secret; takes as long for a wrong text as for the right one. */
  matches(text: string): boolean {
    return timingSafeEqual(digest(this.#text), digest(text));
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return HIDDEN;
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
