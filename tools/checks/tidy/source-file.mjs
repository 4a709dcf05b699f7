/** What every tidy rule looks at. */

/**
 * A file of the project: its path relative to the root, with forward slashes, and its content.
 * @typedef {{ readonly path: string, readonly text: string }} SourceFile
 */

/**
 * @param {SourceFile} file
 * @returns {boolean} whether it is source code of the project
 */
export function isCode({ path }) {
  return /\.(ts|tsx|js|mjs|c)$/.test(path);
}

/**
 * @param {SourceFile} file
 * @returns {string} the comment that a file opens with, or nothing
 */
export function moduleComment({ text }) {
  return /^(?:#![^\n]*\n)?\s*(?:\/\*[\s\S]*?\*\/|(?:\/\/[^\n]*\n)+)/.exec(text)?.[0] ?? '';
}
