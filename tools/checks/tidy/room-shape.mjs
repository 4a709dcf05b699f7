/** Every room has a page of its own and a small front door. */
import { isCode } from './source-file.mjs';

/** A front door with more names than this is two rooms, or shows its inside. */
export const ENTRY_NAMES_MAX = 30;
/** A README fits on about one screen. */
export const README_LINES_MAX = 80;

/**
 * @param {readonly import('./source-file.mjs').SourceFile[]} files
 * @returns {readonly string[]}
 */
export function roomProblems(files) {
  const rooms = new Set(files.flatMap(({ path }) => /^packages\/([^/]+)\//.exec(path)?.[1] ?? []));
  return [...[...rooms].flatMap((room) => readmeProblems(room, files)), ...files.flatMap(entryProblems)];
}

/**
 * @param {string} room
 * @param {readonly import('./source-file.mjs').SourceFile[]} files
 */
function readmeProblems(room, files) {
  const path = `packages/${room}/README.md`;
  const readme = files.find((file) => file.path === path);
  if (readme === undefined) {
    return [`${path} is missing: one screen with purpose, one example, what it may import, invariants, limits.`];
  }
  const lines = readme.text.split('\n').length;
  if (lines <= README_LINES_MAX) return [];
  return [`${path} has ${String(lines)} lines; one screen is what people read: move the rest to docs/.`];
}

/**
 * @param {import('./source-file.mjs').SourceFile} file
 * @returns {readonly string[]}
 */
function entryProblems(file) {
  const isEntry = /^packages\/[^/]+\/src\/(index|[^/]+\/index)\.ts$/.test(file.path) && isCode(file);
  if (!isEntry || file.path.includes('/adapters/')) return [];
  const names = [...file.text.matchAll(/export\s+(?:type\s+)?\{([^}]*)\}/g)].flatMap(([, list]) =>
    (list ?? '').split(',').filter((name) => name.trim() !== ''),
  );
  if (names.length <= ENTRY_NAMES_MAX) return [];
  return [
    `${file.path} exports ${String(names.length)} names; more than ${String(ENTRY_NAMES_MAX)} is no longer a small promise: ` +
      'keep inside what nobody outside needs, or make a second entry point.',
  ];
}
