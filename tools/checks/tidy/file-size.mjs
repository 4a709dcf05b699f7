/** Files stay small enough to hold one idea. */
import { isCode, moduleComment } from './source-file.mjs';

/** From here on a file has a second idea that wants to move out. */
export const LINES_MAX = 400;
/** Nothing is longer, whatever its reason. */
export const LINES_MAX_HARD = 600;

/**
 * Files that are longer than the rule allows and may only shrink: the path and its number of lines.
 * @type {Readonly<Record<string, number>>}
 */
const ratchet = {};

/**
 * @param {readonly import('./source-file.mjs').SourceFile[]} files
 * @param {Readonly<Record<string, number>>} listed
 * @returns {readonly string[]} one sentence or two for each file that is too long
 */
export function fileSizeProblems(files, listed = ratchet) {
  const code = files.filter(isCode);
  const stale = Object.keys(listed).filter((path) => !code.some((file) => file.path === path));
  return [
    ...stale.map((path) => `${path} is listed in tools/checks/tidy/file-size.mjs and is gone: remove the entry.`),
    ...code.flatMap((file) => problemOf(file, listed[file.path]) ?? []),
  ];
}

/**
 * @param {import('./source-file.mjs').SourceFile} file
 * @param {number | undefined} allowed
 * @returns {string | undefined}
 */
function problemOf(file, allowed) {
  const lines = file.text.split('\n').length - 1;
  const where = `${file.path} has ${String(lines)} lines`;
  if (allowed !== undefined) {
    if (lines > allowed) {
      return `${where}, and must not grow beyond ${String(allowed)}: move its second idea into a file of its own.`;
    }
    if (lines <= LINES_MAX) return `${where}: well done, now remove it from tools/checks/tidy/file-size.mjs.`;
    return undefined;
  }
  if (lines > LINES_MAX_HARD) {
    return `${where}; nobody holds more than ${String(LINES_MAX_HARD)} in mind: move its ideas into files of their own.`;
  }
  if (lines > LINES_MAX && !/long because/i.test(moduleComment(file))) {
    return (
      `${where}; beyond ${String(LINES_MAX)} there is a second idea: give it a file of its own, ` +
      'or say in the module comment "Long because …".'
    );
  }
  return undefined;
}
