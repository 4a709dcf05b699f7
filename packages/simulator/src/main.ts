/** `npm run simulate -- --seed S --steps N [--count C] [--trace]`: reproduces one run, or runs C seeds from S on. */
import { parseArgs } from 'node:util';
import { CommandLine } from './flags.ts';
import { simulate, type SimulationReport } from './simulation.ts';

const USAGE =
  'npm run simulate -- [--seed S] [--steps N] [--count C] [--machines M] [--apps A] [--servers S] [--faults 0..1] [--trace]';

const line = new CommandLine(USAGE);
const values = line.read(() =>
  parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      steps: { type: 'string', default: '120' },
      count: { type: 'string', default: '1' },
      machines: { type: 'string', default: '5' },
      apps: { type: 'string', default: '6' },
      servers: { type: 'string', default: '1' },
      faults: { type: 'string' },
      trace: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  }),
);
const steps = line.wholeNumber('steps', values.steps, 0);
const count = line.wholeNumber('count', values.count, 1);
const machines = line.wholeNumber('machines', values.machines, 1);
const apps = line.wholeNumber('apps', values.apps, 1);
const servers = line.wholeNumber('servers', values.servers, 1);
const faults = values.faults === undefined ? undefined : Number(values.faults);
if (faults !== undefined && !(faults >= 0 && faults <= 1)) {
  line.refuse('--faults takes a part of the steps, from 0 to 1.');
}

let failed = 0;
for (let index = 0; index < count; index += 1) {
  const seed = count === 1 ? values.seed : String(line.wholeNumber('seed', values.seed, 0) + index);
  const report = await simulate({
    seed,
    steps,
    machines,
    apps,
    servers,
    ...(faults !== undefined && { faults }),
    ...(values.trace && { trace: printEvent }),
  });
  print(report);
  if (report.violations.length > 0) failed += 1;
}
process.exit(failed === 0 ? 0 : 1);

function print(report: SimulationReport): void {
  const minutes = (report.virtualMs / 60_000).toFixed(1);
  console.log(
    `seed ${String(report.seed)}: ${String(report.commands)} commands, ${String(report.faults)} faults, ` +
      `${String(report.started)} tasks started in ${minutes} virtual minutes; digest ${report.digest.slice(0, 12)}; ` +
      (report.violations.length === 0 ? 'all promises kept' : `${String(report.violations.length)} promises broken`),
  );
  for (const violation of report.violations) {
    console.log(`  at ${(violation.atMs / 1000).toFixed(3)} s, ${violation.checker}: ${violation.message}`);
  }
  if (report.violations.length === 0) return;
  const shape = `--steps ${String(steps)} --machines ${String(machines)} --apps ${String(apps)} --servers ${String(servers)}`;
  const rate = faults === undefined ? '' : ` --faults ${String(faults)}`;
  console.log(`  again with: npm run simulate -- --seed ${String(report.seed)} ${shape}${rate} --trace`);
}

function printEvent(atMs: number, line: string): void {
  console.log(`${(atMs / 1000).toFixed(3).padStart(10)} ${line}`);
}
