import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readReport } from './test-report.mjs';

describe('the count of tests', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'stadion-report-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  function count(testResults: { status: string; tests: string[] }[], succeeded: boolean) {
    const file = join(folder, 'report.json');
    const results = testResults.map(({ status, tests }) => ({
      status,
      assertionResults: tests.map((test) => ({ status: test })),
    }));
    writeFileSync(file, JSON.stringify({ testResults: results }));
    return readReport(file, succeeded);
  }

  it('adds up what passed, failed and was left out', () => {
    const tests = ['passed', 'failed', 'skipped', 'pending', 'todo'];
    expect(count([{ status: 'failed', tests }], false)).toEqual({ passed: 1, failed: 1, skipped: 3 });
  });

  it('counts a file that cannot be loaded as one failure', () => {
    expect(count([{ status: 'failed', tests: [] }], false)).toMatchObject({ failed: 1 });
  });

  it('counts an error outside of any test as one failure', () => {
    expect(count([{ status: 'passed', tests: ['passed'] }], false)).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  it('is never content with nothing', () => {
    expect(count([], true).failed).toBe(1);
    expect(readReport(join(folder, 'none.json'), true).failed).toBe(1);
  });
});
