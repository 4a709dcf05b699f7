/** Which words can come next on a command line, from the same table that the parser is made of. */

/** What completion needs to know of a command. */
export interface CompletableCommand {
  /** Its words, e.g. `app list`. */
  readonly path: string;
  /** E.g. `-f, --follow` or `--timeout <duration>`. */
  readonly flags: readonly string[];
  /** What the first argument names. */
  readonly completes: string | undefined;
}

/** Words to offer, or the kind of live object whose names are to be offered. */
export type Completion =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'objects'; readonly of: string; readonly prefix: string };

/** @param words those up to the cursor, without the program's name; the last one is unfinished and may be empty */
export function complete(
  commands: readonly CompletableCommand[],
  commonFlags: readonly string[],
  words: readonly string[],
): Completion {
  const current = words.at(-1) ?? '';
  const before = withoutOptions(words.slice(0, -1), [...commonFlags, ...commands.flatMap(({ flags }) => flags)]);
  const command = commands.find(({ path }) => startsWithWords(before, path.split(' ')));
  if (command === undefined) {
    const next = commands
      .filter(({ path }) => startsWithWords(path.split(' '), before))
      .map(({ path }) => path.split(' ')[before.length] ?? '');
    return { kind: 'words', words: matching([...new Set(next)], current) };
  }
  if (current.startsWith('-')) {
    return { kind: 'words', words: matching([...command.flags, ...commonFlags].flatMap(flagNames), current) };
  }
  const isFirstArgument = before.length === command.path.split(' ').length;
  if (command.completes === undefined || !isFirstArgument) return { kind: 'words', words: [] };
  return { kind: 'objects', of: command.completes, prefix: current };
}

/** Those that begin with what is written. */
export function matching(candidates: readonly string[], prefix: string): string[] {
  return candidates.filter((candidate) => candidate !== '' && candidate.startsWith(prefix)).sort();
}

function startsWithWords(words: readonly string[], beginning: readonly string[]): boolean {
  return beginning.every((word, index) => words[index] === word);
}

function flagNames(flags: string): string[] {
  return flags.split(/[ ,]+/).filter((word) => word.startsWith('--'));
}

/** Leaves out options and the values that follow them. */
function withoutOptions(words: readonly string[], flags: readonly string[]): string[] {
  const result: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (!word.startsWith('-')) result.push(word);
    else if (!word.includes('=') && takesValue(word, flags)) index += 1;
  }
  return result;
}

function takesValue(word: string, flags: readonly string[]): boolean {
  return flags.some((spec) => spec.includes('<') && spec.split(/[ ,]+/).includes(word));
}
