/**
 * Check: every `core/` compiles in a world without Node, timers, network or console (`lib: ES2023`, no ambient types).
 * A canary is compiled in the same program, importing the same entry points: each of its marked lines must be refused.
 * If one passes, some import has let the outside world in, and the compiler guards nothing any more.
 */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { isTest, projectFiles } from '../files.mjs';
import { root } from '../rooms.mjs';

const CANARY = 'tools/canaries/purity/outside-world.ts';
const cores = projectFiles().filter(
  (path) => /^packages\/[^/]+\/src\/(.*\/)?core\/.*\.ts$/.test(path) && !isTest(path),
);

const base = ts.parseConfigFileTextToJson('tsconfig.base.json', readFileSync(join(root, 'tsconfig.base.json'), 'utf8'));
const { compilerOptions } = /** @type {{ compilerOptions: object }} */ (base.config);
const { options } = ts.convertCompilerOptionsFromJson(
  { ...compilerOptions, composite: false, lib: ['ES2023'], types: [] },
  root,
);
const program = ts.createProgram(
  [...cores, CANARY].map((path) => join(root, path)),
  options,
);

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
  return program
    .getSourceFiles()
    .filter((file) => file.typeReferenceDirectives.some(({ fileName }) => fileName === 'node'))
    .map((file) => relative(root, file.fileName));
}

/**
 * @param {string} path relative to the root
 * @returns {readonly { readonly line: number, readonly message: string }[]}
 */
function diagnosticsOf(path) {
  const file = program.getSourceFile(join(root, path));
  if (file === undefined) return [{ line: 0, message: 'the compiler did not find this file' }];
  return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map((diagnostic) => ({
    line: file.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line + 1,
    message: ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'),
  }));
}
