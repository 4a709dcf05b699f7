/**
 * Packs `@stadion/discovery` so that it can be installed alone: what it takes from `@stadion/base` goes along as files of
 * its own. Run after `npm run build`: `npm run pack:discovery -- --out FOLDER`; prints the path of the package.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Manifest
 * @property {Readonly<Record<string, { readonly default: string }>>} exports
 * @property {Readonly<Record<string, string>>} [dependencies]
 * @property {Readonly<Record<string, string>>} [devDependencies]
 * @property {readonly string[]} [files]
 * @property {boolean} [private]
 */

const root = fileURLToPath(new URL('..', import.meta.url));
const library = join(root, 'packages', 'discovery');
const base = join(root, 'packages', 'base');
const IMPORT = /(from\s*|import\s*\(?\s*)(['"])([^'"]+)\2/g;

const at = process.argv.indexOf('--out');
const out = resolve(at < 0 ? '.' : (process.argv[at + 1] ?? '.'));
/** Files of the base that go along. @type {Set<string>} */
const taken = new Set();
const staging = mkdtempSync(join(tmpdir(), 'stadion-pack-'));
try {
  const entries = manifestIn(base).exports;
  copyPublished(join(library, 'dist'), join(staging, 'dist'));
  for (const path of codeIn(join(staging, 'dist'))) {
    const text = readFileSync(path, 'utf8').replace(IMPORT, (whole, before, quote, name) => {
      const entry = /^@stadion\/base(.*)$/.exec(String(name))?.[1];
      if (entry === undefined) return whole;
      const file = entries[`.${entry}`]?.default.replace('./dist/', '');
      if (file === undefined) throw new Error(`${String(name)} does not go along with the library: see ${path}`);
      copyFromBase(file);
      return `${String(before)}${String(quote)}${specifier(path, join(staging, 'dist', 'base', file))}${String(quote)}`;
    });
    writeFileSync(path, withoutMap(text));
  }
  writeManifest();
  cpSync(join(library, 'README.md'), join(staging, 'README.md'));
  cpSync(join(root, 'LICENSE'), join(staging, 'LICENSE'));
  mkdirSync(out, { recursive: true });
  const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', out];
  const told = execFileSync('npm', words, { cwd: staging, encoding: 'utf8' });
  const [packed] = /** @type {readonly { readonly filename: string }[]} */ (JSON.parse(told));
  process.stdout.write(`${join(out, packed?.filename ?? '')}\n`);
} finally {
  rmSync(staging, { recursive: true, force: true });
}

/**
 * Code and types, neither tests nor what helps them.
 * @param {string} from
 * @param {string} to
 */
function copyPublished(from, to) {
  const isUnwanted = /(^|[\\/])testing([\\/]|$)|\.test\.|\.tsbuildinfo$|\.map$/;
  cpSync(from, to, { recursive: true, filter: (path) => !isUnwanted.test(relative(from, path)) });
}

/**
 * One file of the base and whatever it imports there, with its types.
 * @param {string} file
 */
function copyFromBase(file) {
  if (taken.has(file)) return;
  taken.add(file);
  for (const name of [file, file.replace(/\.js$/, '.d.ts')]) {
    const target = join(staging, 'dist', 'base', name);
    const text = readFileSync(join(base, 'dist', name), 'utf8');
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, withoutMap(text));
    for (const [, , , imported = ''] of text.matchAll(IMPORT)) {
      if (imported.startsWith('./')) copyFromBase(posix.join(posix.dirname(file), imported).replace(/\.ts$/, '.js'));
    }
  }
}

/** Without what goes along, and what keeps it from being published without that; single entries' parts are brought by users. */
function writeManifest() {
  const {
    dependencies: _base,
    devDependencies: parts = {},
    files: _files,
    private: _,
    ...manifest
  } = manifestIn(library);
  const peers = Object.entries(parts);
  const published = {
    ...manifest,
    files: ['dist'],
    peerDependencies: Object.fromEntries(peers.map(([name, version]) => [name, `^${version}`])),
    peerDependenciesMeta: Object.fromEntries(peers.map(([name]) => [name, { optional: true }])),
  };
  writeFileSync(join(staging, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
}

/** @param {string} folder */
function codeIn(folder) {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => /\.(js|d\.ts)$/.test(name)).map((name) => join(folder, name));
}

/**
 * How one file imports another.
 * @param {string} from
 * @param {string} to
 */
function specifier(from, to) {
  const path = relative(dirname(from), to).split(sep).join('/');
  return path.startsWith('.') ? path : `./${path}`;
}

/** The sources, and so the maps to them, do not go along. @param {string} text */
function withoutMap(text) {
  return text.replace(/^\/\/# sourceMappingURL=.*$/m, '');
}

/**
 * @param {string} folder
 * @returns {Manifest}
 */
function manifestIn(folder) {
  /** @type {Manifest} */
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return manifest;
}
