import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeMachine } from './node-machine.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stadion cli '));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('this machine', () => {
  it('gives small files whole and refuses large ones', async () => {
    await writeFile(join(folder, 'file'), 'twelve bytes');
    expect(await nodeMachine.readFile(join(folder, 'file'), 12)).toBe('twelve bytes');
    await expect(nodeMachine.readFile(join(folder, 'file'), 11)).rejects.toMatchObject({ code: 'input-too-large' });
    await expect(nodeMachine.readFile(join(folder, 'none'), 11)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('looks at the nearest folder there is for one that is still to be made', async () => {
    expect(await nodeMachine.findWriteProblem(join(folder, 'a', 'b'))).toBeUndefined();
    expect((await nodeMachine.diskSpace(join(folder, 'a', 'b'))).totalBytes).toBeGreaterThan(0);
    await writeFile(join(folder, 'file'), '');
    expect(await nodeMachine.findWriteProblem(join(folder, 'file'))).toMatch(/is no folder/);
  });

  it('knows a port that is taken from one that is free', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await nodeMachine.findPortProblem('127.0.0.1', port)).toBe('something else listens there');
    await new Promise((resolve) => server.close(resolve));
    expect(await nodeMachine.findPortProblem('127.0.0.1', port)).toBeUndefined();
  });

  it('knows running processes by when they started', () => {
    const own = nodeMachine.processStartTime(process.pid);
    expect(own).toBeDefined();
    expect(nodeMachine.processStartTime(process.pid)).toBe(own);
    // Above the largest number that a process can have.
    expect(nodeMachine.processStartTime(2 ** 30)).toBeUndefined();
  });
});
