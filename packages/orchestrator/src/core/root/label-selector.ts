/** Label selectors: `a, b==c, d!=e, f in (g,h), i notin (j)`; all must hold. The grammar is Marathon's. */

/** Decides whether labels are selected. */
export type LabelSelector = (labels: Readonly<Record<string, string>>) => boolean;

/** A selector, or why the text is none. */
export type ParsedSelector =
  { readonly ok: true; readonly selector: LabelSelector } | { readonly ok: false; readonly message: string };

/**
 * Parses a selector. Terms are made of `A-Za-z0-9._-`; any other character is escaped by a backslash.
 * `!=` and `notin` also demand that the label exists, as Marathon does.
 */
export function parseLabelSelector(text: string): ParsedSelector {
  const reader = new Reader(text);
  const rules: LabelSelector[] = [];
  try {
    do rules.push(readRule(reader));
    while (reader.take(','));
    reader.expectEnd();
  } catch (error) {
    if (error instanceof SyntaxProblem) return { ok: false, message: `Invalid label selector: ${error.message}` };
    throw error;
  }
  return { ok: true, selector: (labels) => rules.every((rule) => rule(labels)) };
}

class SyntaxProblem extends Error {}

function readRule(reader: Reader): LabelSelector {
  const name = reader.term();
  if (reader.take('==')) return hasOneOf(name, [reader.term()]);
  if (reader.take('!=')) return hasOtherThan(name, [reader.term()]);
  if (reader.takeWord('notin')) return hasOtherThan(name, readSet(reader));
  if (reader.takeWord('in')) return hasOneOf(name, readSet(reader));
  return (labels) => Object.hasOwn(labels, name);
}

function readSet(reader: Reader): readonly string[] {
  reader.expect('(');
  const values: string[] = [];
  do values.push(reader.term());
  while (reader.take(','));
  reader.expect(')');
  return values;
}

function hasOneOf(name: string, values: readonly string[]): LabelSelector {
  return (labels) => Object.hasOwn(labels, name) && values.includes(labels[name] ?? '');
}

function hasOtherThan(name: string, values: readonly string[]): LabelSelector {
  return (labels) => Object.hasOwn(labels, name) && !values.includes(labels[name] ?? '');
}

/** Reads a selector from the left; white space between tokens does not count. */
class Reader {
  private at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** A name or value of at least one character. */
  term(): string {
    this.skipSpace();
    let term = '';
    for (;;) {
      const character = this.text.charAt(this.at);
      if (character === '\\' && this.at + 1 < this.text.length) {
        term += this.text.charAt(this.at + 1);
        this.at += 2;
      } else if (/^[A-Za-z0-9._-]$/.test(character)) {
        term += character;
        this.at += 1;
      } else {
        break;
      }
    }
    if (term === '') this.fail('a label name or value');
    return term;
  }

  take(token: string): boolean {
    this.skipSpace();
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  /** Takes a word only when no further term character follows. */
  takeWord(word: string): boolean {
    this.skipSpace();
    const next = this.text.charAt(this.at + word.length);
    return !/^[A-Za-z0-9._\\-]$/.test(next) && this.take(word);
  }

  expect(token: string): void {
    if (!this.take(token)) this.fail(`'${token}'`);
  }

  expectEnd(): void {
    this.skipSpace();
    if (this.at < this.text.length) this.fail("',', '==', '!=', 'in (…)', 'notin (…)' or the end");
  }

  private skipSpace(): void {
    while (/^\s$/.test(this.text.charAt(this.at))) this.at += 1;
  }

  private fail(expected: string): never {
    const found = this.at < this.text.length ? `'${this.text.charAt(this.at)}'` : 'the end';
    throw new SyntaxProblem(`expected ${expected} but found ${found} at position ${String(this.at + 1)}`);
  }
}
