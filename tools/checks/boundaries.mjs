/**
 * Check: imports follow the arrows of the house (`boundaries-config.mjs` has the rules). Before the real code, a small
 * house full of forbidden imports is examined: each of its violations must be found, or the rules have gone blind.
 */
import { existsSync } from 'node:fs';
import { cruise } from 'dependency-cruiser';
import { root } from '../rooms.mjs';
import { configuration, options } from './boundaries-config.mjs';

/** Which rule each file of the canary breaks. */
const CANARY = 'tools/canaries/boundaries';
const EXPECTED = {
  'packages/base/src/knows-the-contract.ts': 'arrows-of-base',
  'packages/master/src/calls-the-agent.ts': 'arrows-of-master',
  'packages/master/src/digs-into-base.ts': 'no-deep-imports',
  'packages/master/src/leads-nowhere.ts': 'resolvable',
  'packages/store/src/runs-on-a-simulation.ts': 'simulated-parts-are-for-the-simulator',
  'packages/master/src/one.ts': 'no-cycles',
  'packages/master/src/takes-the-real-clock.ts': 'system-time-and-randomness',
  'packages/master/src/loop/picks-an-adapter.ts': 'adapters-behind-their-port',
  'packages/master/src/core/does-work.ts': 'core-imports-cores',
  'packages/master/src/core/knows-its-shell.ts': 'core-knows-only-shapes',
};

process.chdir(root);
const folders = ['packages', 'tests', 'bench'].filter((folder) => existsSync(folder));
const found = await violations([CANARY]);
const unseen = Object.entries(EXPECTED).filter(
  ([file, rule]) => !found.some((violation) => violation.from === `${CANARY}/${file}` && violation.rule.name === rule),
);
for (const [file, rule] of unseen) {
  process.stderr.write(`canary: ${CANARY}/${file} breaks the rule ${rule}, and nobody noticed. Mend the rule.\n`);
}
const real = await violations(folders);
for (const { rule, from, to } of real) {
  const comment = configuration.forbidden?.find(({ name }) => name === rule.name)?.comment ?? '';
  process.stderr.write(`${from} → ${to}\n    ${rule.name}: ${comment}\n`);
}
process.exitCode = unseen.length + real.length === 0 ? 0 : 1;

/**
 * @param {readonly string[]} paths relative to the root
 * @returns {Promise<readonly import('dependency-cruiser').IViolation[]>}
 */
async function violations(paths) {
  const { output } = await cruise([...paths], {
    ...options,
    baseDir: root,
    validate: true,
    ruleSet: configuration,
  });
  if (typeof output === 'string') throw new Error(`dependency-cruiser reports in words: ${output}`);
  return output.summary.violations;
}
