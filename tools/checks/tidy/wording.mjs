/** Words and names that do not belong into the tree, each with the reason and what to do. */
import { isCode, moduleComment } from './source-file.mjs';

/** The rules below name what they forbid. */
const OWN_FOLDER = 'tools/checks/tidy/';

const DRAWER = /(^|\/)(utils?|helpers?|common|misc|shared|stuff)(\/|\.[a-z.]+$)/i;

/**
 * A text that must not occur.
 * @type {readonly { readonly pattern: RegExp, readonly advice: string }[]}
 */
const forbidden = [
  {
    pattern: /(?<![\w.$}>~-])\/(home|Users)\/[a-z]\w*/,
    advice: 'is a place on one person’s machine, which a reader does not have: say what is meant, or bring it in.',
  },
  {
    pattern: /\breference,? section|\bsections? \d+(\.\d+)* of the reference/i,
    advice: 'cites a page that a reader does not have: say what the rule is, and whose (Mesos, Marathon, an RFC).',
  },
  {
    pattern: /\b(TODO|FIXME|XXX|HACK)\b/,
    advice: 'leaves work to nobody: do it, or open an issue, or say plainly what the limit is.',
  },
  {
    pattern: /@ts-(ignore|nocheck|expect-error)\b|(es|ox)lint-disable/,
    advice: 'silences a check: change the code until the check is content.',
  },
];

/**
 * @param {readonly import('./source-file.mjs').SourceFile[]} files
 * @returns {readonly string[]}
 */
export function wordingProblems(files) {
  return files
    .filter(({ path }) => !path.startsWith(OWN_FOLDER) && path !== 'LICENSE')
    .flatMap((file) => [...nameProblems(file), ...wordProblems(file), ...commentProblems(file), ...testProblems(file)]);
}

/** @param {import('./source-file.mjs').SourceFile} file */
function nameProblems({ path }) {
  if (!DRAWER.test(path)) return [];
  return [`${path} is a drawer for anything: name the file or folder after the idea in it (durations, headers).`];
}

/** @param {import('./source-file.mjs').SourceFile} file */
function wordProblems({ path, text }) {
  return text.split('\n').flatMap((line, index) =>
    forbidden.flatMap(({ pattern, advice }) => {
      const word = pattern.exec(line)?.[0];
      return word === undefined ? [] : [`${path}:${String(index + 1)} "${word}" ${advice}`];
    }),
  );
}

/** @param {import('./source-file.mjs').SourceFile} file */
function commentProblems(file) {
  const needsComment = isCode(file) && !file.path.endsWith('/index.ts') && !/\.test\.tsx?$|\.config\./.test(file.path);
  if (!needsComment || moduleComment(file) !== '') return [];
  return [`${file.path} does not say what it is for: open it with a comment of one or two sentences.`];
}

/** @param {import('./source-file.mjs').SourceFile} file */
function testProblems({ path, text }) {
  if (!/\.test\.tsx?$/.test(path)) return [];
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    const where = `${path}:${String(index + 1)}`;
    if (/\b(describe|it|test)\.only\b/.test(line)) {
      return [`${where} runs one test and leaves out the rest: remove .only.`];
    }
    if (!/\b(describe|it|test)\.(skip|todo|fails)\b/.test(line)) return [];
    const isExplained = /^\s*\/\//.test(lines[index - 1] ?? '');
    return isExplained
      ? []
      : [`${where} leaves out a test without saying why: run it, or give the reason in the line above.`];
  });
}
