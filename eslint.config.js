/**
 * The house's own lint rules: no clock, randomness or timer except through the ports, cores that only decide, names that
 * are the same everywhere. Strict types, everybody's rules, are in .oxlintrc.json: a linter that is quick with types has them.
 */
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const TIME = 'Time comes through the Clock and Timers ports of @stadion/base, so that it can be simulated.';
const RANDOM =
  'Randomness comes through the Random port of @stadion/base, so that a run can be repeated from its seed.';
const CORE = 'A core/ decides and does nothing else: synchronous, without I/O, clock or randomness.';

/** Globals that reach around the ports. */
const portGlobals = [
  ...['setTimeout', 'setImmediate'].map((name) => ({ name, message: `${TIME} Use timers.after() or delay().` })),
  { name: 'setInterval', message: `${TIME} Use every().` },
  { name: 'performance', message: `${TIME} Use clock.monotonic().` },
];

/** The same through objects. */
const portProperties = [
  { object: 'Date', property: 'now', message: `${TIME} Use clock.now().` },
  { object: 'Math', property: 'random', message: `${RANDOM} Use randomFraction() or randomBelow().` },
  { object: 'crypto', property: 'randomUUID', message: `${RANDOM} Use randomUuid().` },
  { object: 'crypto', property: 'getRandomValues', message: `${RANDOM} Use random.uint32().` },
  { object: 'process', property: 'hrtime', message: `${TIME} Use clock.monotonic().` },
  { object: 'AbortSignal', property: 'timeout', message: `${TIME} Abort a controller from timers.after().` },
  ...['setTimeout', 'setInterval', 'setImmediate'].map((property) => ({
    object: 'globalThis',
    property,
    message: `${TIME} Use timers.after() or every().`,
  })),
];

/** The same through Node's modules. */
const portImports = [
  { name: 'node:timers', message: `${TIME} Use timers.after() or every().` },
  { name: 'node:timers/promises', message: `${TIME} Use delay().` },
  { name: 'node:perf_hooks', importNames: ['performance'], message: `${TIME} Use clock.monotonic().` },
  {
    name: 'node:crypto',
    importNames: ['randomUUID', 'randomBytes', 'randomInt', 'getRandomValues'],
    message: `${RANDOM} Use randomUuid() or random.uint32().`,
  },
];

/** Syntax that nobody in the house needs. */
const houseSyntax = [
  {
    selector: "TSAsExpression > TSAsExpression[typeAnnotation.type='TSUnknownKeyword']",
    message: '`as unknown as` silences the compiler. Narrow with a check, or validate at the border with the contract.',
  },
  {
    selector: 'ExportAllDeclaration',
    message: 'An entry point is an explicit list of names, so that its size is seen. Name what is exported.',
  },
];

const portSyntax = [
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: `${TIME} Use new Date(clock.now()).`,
  },
  { selector: "CallExpression[callee.name='Date']", message: `${TIME} Use new Date(clock.now()).` },
];

const namedExports = [
  {
    selector: 'ExportDefaultDeclaration',
    message: 'A default export has another name in every file that imports it. Export it by name.',
  },
];

const coreSyntax = [
  { selector: ':function[async=true]', message: `${CORE} Return what is to be done, and let the shell await it.` },
  { selector: 'AwaitExpression', message: `${CORE} Return what is to be done, and let the shell await it.` },
];

const coreGlobals = ['Promise', 'console', 'process', 'fetch', 'queueMicrotask'].map((name) => ({
  name,
  message: `${CORE} Take the value as an argument or return the effect for the shell to carry out.`,
}));

const coreImportPatterns = [
  {
    regex: '^(node:|@stadion/base/(system|testing)$|fastify|undici|lmdb|pino|commander)',
    message: `${CORE} It imports @stadion/base, @stadion/contract/* and its own core/ only.`,
  },
];

const tests = ['**/*.test.{ts,tsx}', '**/testing/**/*.ts', 'tests/**/*.ts'];

export default defineConfig(
  { ignores: ['**/dist/', '**/node_modules/', '**/coverage/', 'tools/canaries/', '.stadion/'] },
  {
    // A comment that switches a rule off has no effect: change the code, or argue about the rule here.
    linterOptions: { noInlineConfig: true },
    languageOptions: { parser: tseslint.parser },
  },
  {
    files: ['**/*.{ts,tsx,js,mjs}'],
    rules: { 'no-restricted-syntax': ['error', ...houseSyntax] },
  },
  {
    files: ['packages/*/src/**/*.{ts,tsx}', 'tests/**/*.ts'],
    ignores: [
      'packages/base/src/system-*.ts',
      'packages/base/src/virtual-time.ts',
      'packages/console/src/data/browser-time.ts',
    ],
    rules: {
      'no-restricted-globals': ['error', ...portGlobals],
      'no-restricted-properties': ['error', ...portProperties],
      'no-restricted-imports': ['error', { paths: portImports }],
      'no-restricted-syntax': ['error', ...houseSyntax, ...namedExports, ...portSyntax],
    },
  },
  {
    // What is printed is for people: only the rooms that face one print.
    files: ['packages/*/src/**/*.{ts,tsx}'],
    ignores: ['packages/{cli,server,simulator}/src/**', ...tests],
    rules: { 'no-console': 'error' },
  },
  {
    files: ['packages/*/src/**/core/**/*.ts'],
    ignores: tests,
    rules: {
      'no-restricted-globals': ['error', ...portGlobals, ...coreGlobals],
      'no-restricted-imports': ['error', { paths: portImports, patterns: coreImportPatterns }],
      'no-restricted-syntax': ['error', ...houseSyntax, ...namedExports, ...portSyntax, ...coreSyntax],
    },
  },
);
