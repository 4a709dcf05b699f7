/**
 * `npm test`: installs, builds, checks and tests, from a fresh clone on. Goes on after a failed check, so that one run
 * shows every problem. The last line always reads `N passed, N failed, N skipped`; each check counts as one.
 * `--checks-only` leaves the tests out.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checks } from './checks.mjs';
import { build, isInstalled, prepare } from './prepare.mjs';
import { installRealParts, isPresent, realParts } from './real-parts.mjs';
import { root } from './rooms.mjs';
import { run, step } from './steps.mjs';
import { emptyTally, readReport } from './test-report.mjs';

const CHAOS = 'tests/chaos.test.ts';
const checksOnly = process.argv.includes('--checks-only');
const tally = emptyTally();
const startedAt = performance.now();

/** @type {readonly import('./real-parts.mjs').MissingPart[]} */
let missing = [];
// Where the build fails, nothing that follows could be trusted.
if (isInstalled(root) ? await build(root) : await prepare(root)) {
  tally.passed += 1;
  // One after the other beside the tests, which leave the processors idle at times; told of last.
  /** @type {Promise<unknown>} */
  let before = Promise.resolve();
  const begun = checks.map((check) => {
    const running = before.then(() => run([process.execPath, ...check.command], { cwd: root }));
    before = running;
    return /** @type {const} */ ([check, running]);
  });
  if (!checksOnly) {
    missing = await findParts();
    await runTests();
  }
  for (const [check, running] of begun) await judge(check, running);
} else {
  tally.failed += 1;
}
finish();

/**
 * Counts a check, and says what to know about one that refuses.
 * @param {import('./checks.mjs').Check} check
 * @param {ReturnType<typeof run>} running
 */
async function judge({ name, advice }, running) {
  const passed = await step(name, () => running);
  if (!passed) process.stdout.write(`    → ${advice}\n\n`);
  tally[passed ? 'passed' : 'failed'] += 1;
}

/** Installs the real parts that suites need. */
async function findParts() {
  return installRealParts(realParts, {
    isPresent,
    isRoot: process.getuid?.() === 0,
    hasApt: existsSync('/etc/debian_version'),
    apt: (args) =>
      step(`real parts (apt-get ${args[0] ?? ''})`, () =>
        run(['apt-get', ...args], { cwd: root, env: { DEBIAN_FRONTEND: 'noninteractive' } }),
      ),
  });
}

/** Runs every test, passing the runner's progress on. Chaos mostly waits: where it can run it has a process of its own beside. */
async function runTests() {
  process.stdout.write('▸ tests (vitest)\n');
  if (process.getuid?.() !== 0) {
    await runVitest([], true);
    return;
  }
  const besides = runVitest([CHAOS], false);
  await runVitest(['--exclude', CHAOS], true);
  await step('chaos, beside the tests', () => besides);
}

/**
 * Runs tests and adds what they counted.
 * @param {readonly string[]} which arguments that choose them
 * @param {boolean} show
 */
async function runVitest(which, show) {
  const folder = mkdtempSync(join(tmpdir(), 'stadion-test-'));
  const reportFile = join(folder, 'report.json');
  try {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`];
    const result = await run([process.execPath, vitest, 'run', ...which, ...reporters], {
      cwd: root,
      env: { STADION_MISSING_PARTS: missing.map(({ part }) => part.name).join(',') },
      show,
    });
    const report = readReport(reportFile, result.ok);
    tally.passed += report.passed;
    tally.failed += report.failed;
    tally.skipped += report.skipped;
    return result;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Says what was left out, and closes with the one line that counts. */
function finish() {
  if (missing.length > 0) {
    process.stdout.write(`\n${'!'.repeat(80)}\nTests were SKIPPED, for want of real parts on this machine:\n`);
    for (const { part, reason } of missing) {
      process.stdout.write(`  ${part.name}: needed by ${part.neededBy}. ${reason}\n`);
    }
    process.stdout.write(`${'!'.repeat(80)}\n`);
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  process.stdout.write(`\nDone in ${seconds} s.\n`);
  process.stdout.write(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped\n`);
  process.exitCode = tally.failed === 0 ? 0 : 1;
}
