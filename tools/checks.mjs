/** The checks of `npm test`, in order: what each runs, and what a person should know whose change it refuses. */

/**
 * `command` are the arguments for Node, relative to the root. `advice` says the rule, its reason and what to do instead.
 * @typedef {{
 *   readonly name: string, readonly command: readonly string[], readonly advice: string
 * }} Check
 */

/** @type {readonly Check[]} */
export const checks = [
  {
    name: 'format (prettier)',
    // What had its form at the last run, and is the same still, is not looked at again.
    command: [
      'node_modules/prettier/bin/prettier.cjs',
      ...['--check', '--log-level=warn', '--cache', '--cache-strategy=content', '.'],
    ],
    advice: 'One form for all files, so that a diff shows what changed. Run `npm run format`.',
  },
  {
    name: 'boundaries (dependency-cruiser)',
    command: ['tools/checks/boundaries.mjs'],
    advice:
      'Rooms meet only along the arrows in tools/rooms.mjs, so that each can be understood and tested alone. ' +
      'Move the shared shape to packages/contract, or pass the thing in from packages/server.',
  },
  {
    name: 'purity of every core/ (tsc)',
    command: ['tools/checks/purity.mjs'],
    advice:
      'A core/ is compiled without Node and without timers: it decides from its arguments alone, so that it can be ' +
      'simulated. Return the effect and let the shell beside it carry it out.',
  },
  {
    name: 'dead code (knip)',
    command: ['node_modules/knip/bin/knip.js', '--no-progress'],
    advice:
      'Code that nobody uses misleads its readers. Remove it, or drop the `export`; a new start file is declared in knip.json.',
  },
  {
    name: 'duplicated shapes',
    command: ['tools/checks/duplicated-shapes.mjs'],
    advice:
      'The same shape declared twice drifts apart. Declare it once (public ones in packages/contract) and import or derive it; ' +
      'two ideas that only look alike go into tools/checks/look-alikes.mjs with the reason.',
  },
  {
    name: 'house rules (tidy)',
    command: ['tools/checks/tidy.mjs'],
    advice: 'Each message says the rule, why it is there, and what to do.',
  },
  {
    name: 'lint (oxlint, eslint)',
    command: ['tools/checks/lint.mjs'],
    advice: 'Each message names the replacement. Comments that switch rules off have no effect: change the code.',
  },
];
