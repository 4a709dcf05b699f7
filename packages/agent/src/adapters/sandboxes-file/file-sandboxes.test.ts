import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileSandboxes } from './file-sandboxes.ts';
import { rotateLog } from './rotate-log.ts';

const isRoot = process.getuid?.() === 0;

let root: string;
let sandboxes: FileSandboxes;
const FIRST = { agentId: 'S0', frameworkId: 'F', executorId: 'task', containerId: 'c1' };
const SECOND = { ...FIRST, containerId: 'c2' };

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'stadion sandboxes '));
  sandboxes = new FileSandboxes(root);
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('sandboxes', () => {
  it('have the layout and the mode of Mesos', async () => {
    await sandboxes.create(FIRST, undefined);
    expect(statSync(sandboxes.directory(FIRST)).mode & 0o777).toBe(0o700);
    await sandboxes.handOver(FIRST, undefined);
    const directory = join(root, 'slaves/S0/frameworks/F/executors/task/runs/c1');
    expect(sandboxes.directory(FIRST)).toBe(directory);
    expect(statSync(directory).mode & 0o777).toBe(0o750);
    expect(readFileSync(join(directory, 'stdout'), 'utf8')).toBe('');
    expect(existsSync(join(directory, 'stderr'))).toBe(true);
  });

  it('have a link to the latest run', async () => {
    await sandboxes.create(FIRST, undefined);
    await sandboxes.create(SECOND, undefined);
    expect(readlinkSync(join(root, 'slaves/S0/frameworks/F/executors/task/runs/latest'))).toBe('c2');
  });

  it('go with their parents when the last run goes', async () => {
    await sandboxes.create(FIRST, undefined);
    await sandboxes.create(SECOND, undefined);
    await sandboxes.remove(FIRST);
    expect(existsSync(sandboxes.directory(SECOND))).toBe(true);
    await sandboxes.remove(SECOND);
    await sandboxes.remove(SECOND);
    expect(existsSync(join(root, 'slaves/S0/frameworks/F/executors/task'))).toBe(false);
    expect(existsSync(join(root, 'slaves/S0/frameworks/F/executors'))).toBe(true);
  });

  it.skipIf(!isRoot)('belong to the user of the task once all is there (SKIPPED unless root)', async () => {
    chmodSync(root, 0o711);
    const directory = sandboxes.directory(FIRST);
    await sandboxes.create(FIRST, 'nobody');
    mkdirSync(join(directory, 'a'));
    symlinkSync('/etc/passwd', join(directory, 'a', 'link'));
    expect(statSync(directory).uid).toBe(0);
    await sandboxes.handOver(FIRST, 'nobody');
    for (const name of ['.', 'stdout', 'stderr', 'a', 'a/link']) {
      expect(lstatSync(join(directory, name)).uid, name).toBe(65534);
    }
    expect(statSync('/etc/passwd').uid).toBe(0);
  });

  it.skipIf(!isRoot)('are refused where the user could not reach them (SKIPPED unless root)', async () => {
    await sandboxes.create(FIRST, 'nobody');
    await expect(sandboxes.handOver(FIRST, 'nobody')).rejects.toMatchObject({
      code: 'agent-sandbox-unreachable',
      message: expect.stringContaining(`${root} is closed to it`) as string,
    });
  });

  it.skipIf(!isRoot)('of other users go whatever is in them (SKIPPED unless root)', async () => {
    chmodSync(root, 0o711);
    await sandboxes.create(FIRST, 'nobody');
    await sandboxes.handOver(FIRST, 'nobody');
    const directory = sandboxes.directory(FIRST);
    const outside = join(root, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'kept'), '');
    mkdirSync(join(directory, 'closed'));
    writeFileSync(join(directory, 'closed', '-rf'), '');
    symlinkSync(outside, join(directory, 'closed', 'link'));
    chmodSync(join(directory, 'closed'), 0);
    await sandboxes.remove(FIRST);
    expect(existsSync(directory)).toBe(false);
    expect(existsSync(join(outside, 'kept'))).toBe(true);
  });

  it('are refused for a user that does not exist', async () => {
    await expect(sandboxes.create(FIRST, 'no-such-user')).rejects.toMatchObject({ code: 'agent-unknown-user' });
  });

  it('are measured without following links', async () => {
    await sandboxes.create(FIRST, undefined);
    writeFileSync(join(sandboxes.directory(FIRST), 'data'), 'x'.repeat(1000));
    symlinkSync('/usr', join(sandboxes.directory(FIRST), 'usr'));
    expect(await sandboxes.usedBytes(FIRST)).toBe(1004);
    const fraction = await sandboxes.diskUsedFraction();
    expect(fraction).toBeGreaterThan(0);
    expect(fraction).toBeLessThanOrEqual(1);
  });
});

describe('log rotation', () => {
  const rotate = (bytesMax: number): Promise<readonly string[]> => sandboxes.rotateLogs(FIRST, { bytesMax, keep: 2 });
  const read = (name: string): string => readFileSync(join(sandboxes.directory(FIRST), name), 'utf8');

  it('leaves small logs alone', async () => {
    await sandboxes.create(FIRST, undefined);
    expect(await rotate(10)).toEqual([]);
  });

  it('keeps two older ones, and a writer that appends goes on at the beginning', async () => {
    await sandboxes.create(FIRST, undefined);
    const writer = openSync(join(sandboxes.directory(FIRST), 'stdout'), 'a');
    for (const text of ['first-----', 'second----', 'third-----', 'fourth----']) {
      writeSync(writer, text);
      expect(await rotate(10)).toEqual(['stdout']);
    }
    writeSync(writer, 'now');
    closeSync(writer);
    expect([read('stdout'), read('stdout.1'), read('stdout.2')]).toEqual(['now', 'fourth----', 'third-----']);
    expect(existsSync(join(sandboxes.directory(FIRST), 'stdout.3'))).toBe(false);
  });

  it('loses nothing of a big log', async () => {
    await sandboxes.create(FIRST, undefined);
    const lines = Array.from({ length: 400_000 }, (_none, index) => `line ${index}\n`).join('');
    writeFileSync(join(sandboxes.directory(FIRST), 'stdout'), lines);
    expect(await rotate(1_000_000)).toEqual(['stdout']);
    expect(read('stdout.1')).toBe(lines);
    expect(read('stdout')).toBe('');
  });

  it('leaves a log alone that has a second name: it may be anybody’s file', async () => {
    await sandboxes.create(FIRST, undefined);
    const victim = join(root, 'victim');
    writeFileSync(victim, 'x'.repeat(100));
    rmSync(join(sandboxes.directory(FIRST), 'stdout'));
    linkSync(victim, join(sandboxes.directory(FIRST), 'stdout'));
    expect(await rotate(10)).toEqual([]);
    expect(readFileSync(victim, 'utf8')).toHaveLength(100);
  });

  it('does not wait for a pipe that a task put in place of its log', async () => {
    await sandboxes.create(FIRST, undefined);
    const path = join(sandboxes.directory(FIRST), 'stdout');
    rmSync(path);
    execFileSync('mkfifo', [path]);
    expect(await rotateLog(path, 100, 10, 2)).toBe(false);
  });

  it('does not follow a link that a task put in place of its log', async () => {
    await sandboxes.create(FIRST, undefined);
    const victim = join(root, 'victim');
    writeFileSync(victim, 'x'.repeat(100));
    rmSync(join(sandboxes.directory(FIRST), 'stdout'));
    symlinkSync(victim, join(sandboxes.directory(FIRST), 'stdout'));
    await expect(rotateLog(join(sandboxes.directory(FIRST), 'stdout'), 100, 10, 2)).rejects.toThrow('ELOOP');
    expect(existsSync(join(sandboxes.directory(FIRST), 'stdout.1'))).toBe(false);
    expect(readFileSync(victim, 'utf8')).toHaveLength(100);
  });
});
