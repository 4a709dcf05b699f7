/**
 * A room's package.json, its tsconfig references and its real imports name the same neighbours. Nothing else notices a
 * difference: npm puts every package of the workspace where every other finds it, and `tsc -b` accepts a missing
 * reference once the neighbour has been built.
 */
import { isTest } from '../../files.mjs';
import { allowedImports } from '../../rooms.mjs';

const SCOPE = '@stadion/';

/**
 * @typedef {{ readonly dependencies?: Readonly<Record<string, string>>, readonly devDependencies?: Readonly<Record<string, string>> }} Manifest
 * @typedef {{ readonly references?: readonly { readonly path: string }[] }} Project
 * @typedef {import('./source-file.mjs').SourceFile} SourceFile
 */

/**
 * @param {readonly SourceFile[]} files
 * @returns {readonly string[]}
 */
export function manifestProblems(files) {
  const rooms = files.flatMap(({ path }) => /^packages\/([^/]+)\/package\.json$/.exec(path)?.[1] ?? []);
  const unlisted = rooms.filter((room) => allowedImports[room] === undefined);
  return [
    ...unlisted.map((room) => `packages/${room} is not on the map: list what it may import in tools/rooms.mjs.`),
    ...rooms.flatMap((room) => roomProblems(room, files)),
    ...rootProblems(rooms, files),
  ];
}

/**
 * @param {string} room
 * @param {readonly SourceFile[]} files
 */
function roomProblems(room, files) {
  const folder = `packages/${room}/`;
  const manifest = /** @type {Manifest} */ (parse(files, `${folder}package.json`));
  const project = /** @type {Project} */ (parse(files, `${folder}tsconfig.json`));
  const code = files.filter(({ path }) => path.startsWith(folder) && /\.(ts|tsx|js|mjs)$/.test(path));
  const sources = code.filter(({ path }) => path.startsWith(`${folder}src/`));
  const production = importedBy(code.filter(({ path }) => !isTest(path)));
  const everything = importedBy(code);
  production.delete(room);
  everything.delete(room);
  const testOnly = new Set([...everything].filter((neighbour) => !production.has(neighbour)));

  const dependencies = neighbours(manifest.dependencies);
  const declared = new Set([...dependencies, ...neighbours(manifest.devDependencies)]);
  const referenced = new Set((project.references ?? []).map(({ path }) => path.replace(/^\.\.\//, '')));
  const compiled = importedBy(sources);
  compiled.delete(room);
  return [
    ...missing(production, dependencies, `${folder}package.json`, 'is imported: add it to "dependencies"'),
    ...missing(testOnly, declared, `${folder}package.json`, 'is imported by tests: add it to "devDependencies"'),
    ...missing(declared, everything, `${folder}package.json`, 'is not imported by anybody: remove the dependency'),
    ...missing(
      compiled,
      referenced,
      `${folder}tsconfig.json`,
      'is imported: add it to "references", or it is not built first',
    ),
    ...missing(referenced, compiled, `${folder}tsconfig.json`, 'is not imported by anybody: remove the reference'),
    ...versionProblems(folder, manifest),
  ];
}

/**
 * @param {readonly string[]} rooms
 * @param {readonly SourceFile[]} files
 */
function rootProblems(rooms, files) {
  const project = /** @type {Project} */ (parse(files, 'tsconfig.json'));
  const referenced = new Set((project.references ?? []).map(({ path }) => path.replace(/^packages\//, '')));
  return missing(
    new Set(rooms),
    referenced,
    'tsconfig.json',
    'is a room: add it to "references", or nothing builds it',
  );
}

/**
 * @param {string} folder
 * @param {Manifest} manifest
 */
function versionProblems(folder, { dependencies = {}, devDependencies = {} }) {
  return Object.entries({ ...dependencies, ...devDependencies }).flatMap(([name, version]) => {
    const isExact = name.startsWith(SCOPE) ? version === '*' : /^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version);
    return isExact
      ? []
      : [`${folder}package.json asks for ${name} "${version}": write the exact version, so that all run the same.`];
  });
}

/**
 * @param {ReadonlySet<string>} wanted
 * @param {ReadonlySet<string>} present
 * @param {string} file
 * @param {string} advice
 */
function missing(wanted, present, file, advice) {
  return [...wanted].filter((room) => !present.has(room)).map((room) => `${file}: ${SCOPE}${room} ${advice}.`);
}

/**
 * The rooms that some files import, by static or dynamic import.
 * @param {readonly SourceFile[]} files
 */
function importedBy(files) {
  const pattern = /(?:from|import)\s*\(?\s*['"]@stadion\/([a-z-]+)(?:\/[a-z-]+)*['"]/g;
  return new Set(files.flatMap(({ text }) => [...text.matchAll(pattern)].map(([, room]) => room ?? '')));
}

/** @param {Readonly<Record<string, string>> | undefined} dependencies */
function neighbours(dependencies = {}) {
  return new Set(
    Object.keys(dependencies)
      .filter((name) => name.startsWith(SCOPE))
      .map((name) => name.slice(SCOPE.length)),
  );
}

/**
 * @param {readonly SourceFile[]} files
 * @param {string} path
 * @returns {unknown} an empty object when there is no such file
 */
function parse(files, path) {
  return JSON.parse(files.find((file) => file.path === path)?.text ?? '{}');
}
