/**
 * Check: every `core/` compiles in a world without Node, timers, network or console (`lib: ES2023`, no ambient types).
 * A canary is compiled in the same program, importing the same entry points: each of its marked lines must be refused.
 * If one passes, some import has let the outside world in, and the compiler guards nothing any more.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { isTest, projectFiles } from '../files.mjs';
import { root } from '../rooms.mjs';

const CANARY = 'tools/canaries/purity/outside-world.ts';
const TSC = join(root, 'node_modules/typescript-native/bin/tsc');
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
const cores = projectFiles().filter(
  (path) => /^packages\/[^/]+\/src\/(.*\/)?core\/.*\.ts$/.test(path) && !isTest(path),
);

const { diagnostics, files } = compile([...cores, CANARY]);
const problems = [...refusedCores(), ...missedCanaryLines()];
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** What the compiler has against the cores. */
function refusedCores() {
  return cores.flatMap((path) =>
    diagnosticsOf(path).map(({ line, message }) => `${path}:${String(line)}  a core/ cannot do this: ${message}`),
  );
}

/** Lines of the canary that should have been refused, and were not; with the import that is to blame. */
function missedCanaryLines() {
  const refused = new Set(diagnosticsOf(CANARY).map(({ line }) => line));
  const lines = readFileSync(join(root, CANARY), 'utf8').split('\n');
  const marked = lines.flatMap((text, index) => (text.endsWith('// refused') ? [{ text, line: index + 1 }] : []));
  const missed = marked.filter(({ line }) => !refused.has(line));
  const broken = [...refused].filter((line) => !marked.some((mark) => mark.line === line));
  if (broken.length > 0) {
    return broken.map((line) => `canary: ${CANARY}:${String(line)} should compile: mend the canary`);
  }
  if (missed.length === 0) return [];
  return [
    ...missed.map(({ text, line }) => `canary: ${CANARY}:${String(line)} compiles, and must not: ${text}`),
    ...leaks().map((leak) => `    let in by ${leak}`),
  ];
}

/** Files that pull Node's types into a program that was to be without them. */
function leaks() {
  return files
    .filter((file) => /^\/\/\/ *<reference types="node"/m.test(readFileSync(file, 'utf8')))
    .map((file) => relative(root, file));
}

/**
 * @param {string} path relative to the root
 * @returns {readonly { readonly line: number, readonly message: string }[]}
 */
function diagnosticsOf(path) {
  if (!files.includes(join(root, path))) return [{ line: 0, message: 'the compiler did not find this file' }];
  return diagnostics.filter((diagnostic) => diagnostic.path === path);
}

/**
 * Compiles files, as strictly as everything else, with nothing but the language itself around them.
 * @param {readonly string[]} paths relative to the root
 * @returns {{
 *   readonly diagnostics: readonly { readonly path: string, readonly line: number, readonly message: string }[],
 *   readonly files: readonly string[],
 * }} what the compiler says, by paths relative to the root; and the whole paths of all files that it read
 */
function compile(paths) {
  const folder = mkdtempSync(join(tmpdir(), 'stadion-purity-'));
  try {
    const project = {
      extends: join(root, 'tsconfig.base.json'),
      compilerOptions: {
        lib: ['ES2023'],
        types: [],
        noEmit: true,
        composite: false,
        declaration: false,
        declarationMap: false,
      },
      files: paths.map((path) => join(root, path)),
    };
    const config = join(folder, 'tsconfig.json');
    writeFileSync(config, JSON.stringify(project));
    const { stdout, error } = spawnSync(process.execPath, [TSC, '-p', config, '--pretty', 'false', '--listFiles'], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: OUTPUT_BYTES_MAX,
    });
    if (error !== undefined) throw error;
    const lines = stdout.split('\n');
    return {
      diagnostics: lines.flatMap((text) => {
        const [, path, line, message] = /^(.+?)\((\d+),\d+\): error (TS\d+: .*)$/.exec(text) ?? [];
        if (path === undefined || message === undefined) return [];
        return [{ path: relative(root, join(root, path)), line: Number(line), message }];
      }),
      files: lines.filter((text) => text.startsWith('/')),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
