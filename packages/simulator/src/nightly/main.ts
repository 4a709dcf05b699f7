/** `npm run simulate:nightly`: many seeds of every shape; those that break something are printed and kept for `npm test`. */
import { parseArgs } from 'node:util';
import { systemClock } from '@stadion/base/system';
import { sumOf, type Coverage } from '../coverage.ts';
import { CommandLine } from '../flags.ts';
import { keepSeed } from '../kept-seeds.ts';
import { CLUSTER_SHAPES, SINGLE_SHAPES, commandOf, optionsOf, type Run } from '../shapes.ts';
import { simulate } from '../simulation.ts';

const PROGRESS_EVERY = 20;

const USAGE = `npm run simulate:nightly -- [--count N] [--first SEED]
  --count N     how many seeds are run, 20000 unless told otherwise
  --first SEED  the first of them, a whole number; by default one that depends on the time, so that each night is another`;

const line = new CommandLine(USAGE);
const values = line.read(() =>
  parseArgs({
    options: {
      count: { type: 'string', default: '20000' },
      // Those of `npm test` come first; a night begins where nobody has looked yet.
      first: { type: 'string', default: String(Math.floor(systemClock.now() / 1000) % 1_000_000_000) },
      help: { type: 'boolean', short: 'h', default: false },
    },
  }),
);
const count = line.wholeNumber('count', values.count, 1);
const first = line.wholeNumber('first', values.first, 0);

const shapes = drawable();
const startedAt = systemClock.monotonic();
let total: Coverage = {};
let failed = 0;
for (let index = 0; index < count; index += 1) {
  const shape = shapes[index % shapes.length];
  if (shape === undefined) break;
  const run: Run = { seed: first + index, ...shape };
  const { violations, coverage } = await simulate(optionsOf(run));
  total = sumOf([total, coverage]);
  const [violation] = violations;
  if (violation !== undefined) {
    failed += 1;
    console.log(`seed ${String(run.seed)}: ${violation.checker}: ${violation.message}`);
    console.log(`  again with: ${commandOf(run)} --trace`);
    keepSeed(run, `${violation.checker}: ${violation.message}`);
  }
  if ((index + 1) % PROGRESS_EVERY === 0 || index + 1 === count) {
    const seconds = (systemClock.monotonic() - startedAt) / 1000;
    const left = Math.round(((seconds / (index + 1)) * (count - index - 1)) / 60);
    console.log(
      `${String(index + 1)} of ${String(count)} seeds, ${String(failed)} failed, ${String(left)} minutes left`,
    );
  }
}
console.log(
  Object.entries(total)
    .map(([name, times]) => `${name} ${String(times)}`)
    .join(', '),
);
process.exit(failed === 0 ? 0 : 1);

/** Every shape once, and the short ones of several servers, which find most for their time, between any two. */
function drawable(): Omit<Run, 'seed'>[] {
  const all = [...CLUSTER_SHAPES, ...SINGLE_SHAPES].map(({ seeds: _seeds, ...shape }) => shape);
  const [short] = all;
  return short === undefined ? [] : all.flatMap((shape) => [shape, short]);
}
