/** Counts what the test runner did, from the report it left behind. */
import { readFileSync } from 'node:fs';

/**
 * How many tests and checks went which way.
 * @typedef {{ passed: number, failed: number, skipped: number }} Tally
 */

/**
 * The parts of vitest's JSON report that are read here.
 * @typedef {{
 *   readonly testResults: readonly {
 *     readonly status: string,
 *     readonly assertionResults: readonly { readonly status: string }[],
 *   }[],
 * }} Report
 */

/** @returns {Tally} */
export function emptyTally() {
  return { passed: 0, failed: 0, skipped: 0 };
}

/**
 * Reads the runner's report.
 * @param {string} file
 * @param {boolean} succeeded whether the runner itself reported success
 * @returns {Tally} never all well when the runner failed, nor when it ran nothing: no report is one failure
 */
export function readReport(file, succeeded) {
  /** @type {Report} */
  let report;
  try {
    report = /** @type {Report} */ (JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const tally = countTests(report);
  // An error outside of any test (an unhandled rejection, say) fails the run but no test.
  if (!succeeded && tally.failed === 0) tally.failed = 1;
  if (tally.passed + tally.failed === 0) tally.failed = 1;
  return tally;
}

/**
 * @param {Report} report
 * @returns {Tally}
 */
function countTests(report) {
  const tally = emptyTally();
  for (const file of report.testResults) {
    const statuses = file.assertionResults.map((test) => test.status);
    for (const status of statuses) {
      if (status === 'passed') tally.passed += 1;
      else if (status === 'failed') tally.failed += 1;
      else tally.skipped += 1;
    }
    // A file that cannot even be loaded has no tests to fail.
    if (file.status === 'failed' && !statuses.includes('failed')) tally.failed += 1;
  }
  return tally;
}
