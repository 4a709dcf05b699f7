/** The arrows of the house as dependency-cruiser rules. Paths may have a prefix, so that the canary can be held to them. */
import { allowedBinImports, allowedImports, compositionRoots } from '../rooms.mjs';

/** @typedef {import('dependency-cruiser').IForbiddenRuleType} Rule */

const TESTS = '\\.test\\.tsx?$|/testing/';
const AT = '(^|/)packages/';

/** What only the simulator runs on. */
const SIMULATED = `${AT}store/(src|dist)/(simulated-ensemble\\.|adapters/zookeeper/simulated/)`;

/** @type {Rule[]} */
const arrows = Object.entries(allowedImports).flatMap(([room, allowed]) => {
  const reachable = [room, ...allowed];
  const rooms = (/** @type {readonly string[]} */ names) => `${AT}(${names.join('|')})/`;
  const list = allowed.length === 0 ? 'nothing' : allowed.join(', ');
  return [
    rule(
      `arrows-of-${room}`,
      `${room} may import ${list}. Shared shapes belong to contract; the server passes the rest in.`,
      { path: `${AT}${room}/(src|dist)/`, pathNot: TESTS },
      { path: `${AT}[^/]+/`, pathNot: rooms(reachable) },
    ),
    rule(
      `arrows-of-${room}-start-script`,
      `The start script of ${room} may import, beside its own room, only ${(allowedBinImports[room] ?? []).join(', ') || 'nothing'}.`,
      { path: `${AT}${room}/bin/` },
      { path: `${AT}[^/]+/`, pathNot: rooms([...reachable, ...(allowedBinImports[room] ?? [])]) },
    ),
  ];
});

/** @type {Rule[]} */
const insides = [
  rule(
    'no-deep-imports',
    "Only a package's entry points are its promise. Import @stadion/<room>, or export the name there.",
    { path: `${AT}([^/]+)/` },
    { path: `${AT}[^/]+/src/`, pathNot: `${AT}$2/` },
  ),
  rule(
    'no-deep-imports-from-outside',
    'Suites and benchmarks use what users of a room use. Import @stadion/<room>, or export the name there.',
    { path: '^(tests|bench)/' },
    { path: `${AT}[^/]+/src/` },
  ),
  rule(
    'resolvable',
    'The import leads nowhere: the package does not export it, or it is not installed.',
    {},
    { couldNotResolve: true },
  ),
  rule(
    'no-cycles',
    'Files that need each other are one file, or want a third that both import.',
    {},
    { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  ),
  rule(
    'no-type-cycles',
    'Files that need each other’s types want a third file with the shared type.',
    {},
    { circular: true },
  ),
  rule(
    'adapters-behind-their-port',
    "An adapter is picked where the platform is put together, never by those who use the port. Import the port's type.",
    {
      path: `${AT}([^/]+)/src/`,
      pathNot: `/src/adapters/|/src/[^/]+\\.tsx?$|${TESTS}|${AT}(${compositionRoots.join('|')})/`,
    },
    { path: '/src/adapters/', pathNot: TESTS },
  ),
  rule(
    'system-time-and-randomness',
    'Only composition roots and tests pick the real clock, timers and randomness. Take the port as an argument.',
    { path: AT, pathNot: `${TESTS}|${AT}(base|${compositionRoots.join('|')})/|/main\\.tsx?$` },
    { path: `${AT}base/(src|dist)/system` },
  ),
  rule(
    'tests-stay-outside',
    'What runs in production must not import a test or what was made for tests.',
    { path: `${AT}[^/]+/src/`, pathNot: `${TESTS}|/testing\\.ts$|${AT}simulator/` },
    { path: `\\.test\\.(ts|js)$|/testing/|/dist/testing\\.js$` },
  ),
  rule(
    'simulated-parts-are-for-the-simulator',
    'A part in virtual time must not come to run in production. Only the simulator and tests import it.',
    { path: `${AT}[^/]+/`, pathNot: `${TESTS}|${AT}simulator/|${SIMULATED}` },
    { path: SIMULATED },
  ),
];

/** What a core/ may import: itself, base, contract and the schemas' own library; beside it only named limits and shapes. */
const CORE = `${AT}([^/]+)/src/(core|.*/core)/`;

/** The third-party parts that a core/ may use, all pure: what the contract is written in, safe regular expressions, and comparing texts. */
const PURE_PARTS = '^node_modules/(@sinclair/typebox|diff|re2js)/';

/** The files of a room outside its core/ that hold shapes: its ports, its settings, and the orchestrator's inner door. */
const SHAPES = `${AT}$2/src/(ports/|(|.*[/-])types\\.ts$|(limits|config|engine)\\.ts$)`;

/** @type {Rule[]} */
const cores = [
  rule(
    'core-imports-cores',
    'A core/ decides from its arguments: beside itself it imports @stadion/base, @stadion/contract and limits.ts only.',
    { path: CORE, pathNot: TESTS },
    {
      path: '.+',
      pathNot: [
        `${AT}$2/src/(core|.*/core)/`,
        `${AT}$2/src/limits\\.ts$`,
        `${AT}base/(src|dist)/(?!system|testing)`,
        `${AT}contract/(src|dist)/(?!client)`,
        PURE_PARTS,
      ],
      dependencyTypesNot: ['type-only'],
    },
  ),
  rule(
    'core-knows-only-shapes',
    'A core/ may take types from a file of its room that holds shapes (types.ts, config.ts, ports/), not from the shell around it.',
    { path: CORE, pathNot: TESTS },
    {
      path: '.+',
      pathNot: [
        `${AT}$2/src/(core|.*/core)/`,
        SHAPES,
        `${AT}(base|contract|store)/(src|dist)/(?!system|testing|client)`,
        PURE_PARTS,
      ],
      dependencyTypes: ['type-only'],
    },
  ),
];

/** @type {import('dependency-cruiser').IConfiguration} */
export const configuration = {
  forbidden: [...arrows, ...insides, ...cores],
};

/** @type {import('dependency-cruiser').ICruiseOptions} */
export const options = {
  tsPreCompilationDeps: true,
  doNotFollow: { path: ['node_modules', '/dist/'] },
  enhancedResolveOptions: {
    exportsFields: ['exports'],
    conditionNames: ['types', 'import', 'node', 'default'],
    extensions: ['.ts', '.tsx', '.d.ts', '.js', '.mjs'],
  },
};

/**
 * @param {string} name
 * @param {string} comment
 * @param {import('dependency-cruiser').IRegularForbiddenRuleType['from']} from
 * @param {import('dependency-cruiser').IRegularForbiddenRuleType['to']} to
 * @returns {Rule}
 */
function rule(name, comment, from, to) {
  return { name, comment, severity: 'error', from, to };
}
