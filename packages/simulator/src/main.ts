/** `npm run simulate -- --seed S --steps N [--count C] [--trace]`: reproduces one run, or runs C seeds from S on. */
import { parseArgs } from 'node:util';
import { simulate } from './simulation.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    steps: { type: 'string', default: '120' },
    count: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
  },
});
const steps = Number(values.steps);
const count = Number(values.count);
if (!Number.isInteger(steps) || steps < 0 || !Number.isInteger(count) || count < 1) {
  console.error('--steps and --count take whole numbers, e.g. npm run simulate -- --seed 7 --steps 200 --count 50');
  process.exit(2);
}
let failed = 0;
for (let index = 0; index < count; index += 1) {
  const seed = count === 1 ? values.seed : String(Number(values.seed) + index);
  const report = await simulate({
    seed,
    steps,
    ...(values.trace
      ? {
          trace: (atMs: number, line: string) => {
            console.log(`${(atMs / 1000).toFixed(3).padStart(10)} ${line}`);
          },
        }
      : {}),
  });
  const minutes = (report.virtualMs / 60_000).toFixed(1);
  console.log(
    `seed ${String(seed)}: ${String(report.commands)} commands, ${String(report.faults)} faults, ` +
      `${String(report.started)} tasks started in ${minutes} virtual minutes; digest ${report.digest.slice(0, 12)}; ` +
      (report.violations.length === 0 ? 'all promises kept' : `${String(report.violations.length)} promises broken`),
  );
  for (const violation of report.violations) {
    console.log(`  at ${(violation.atMs / 1000).toFixed(3)} s, ${violation.checker}: ${violation.message}`);
  }
  if (report.violations.length > 0) {
    failed += 1;
    console.log(`  again with: npm run simulate -- --seed ${String(seed)} --steps ${String(steps)} --trace`);
  }
}
process.exit(failed === 0 ? 0 : 1);
