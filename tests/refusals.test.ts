/** What the platform refuses to start on, each with a sentence that says what to do. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningPlatform, run } from './support/running-platform.ts';

const STADION = join(import.meta.dirname, '..', 'packages', 'cli', 'bin', 'stadion.js');
const FREE_PORTS = ['--orchestrator-port', '0', '--master-port', '0', '--agent-port', '0'];

describe('stadion up', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stadion refusal '));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
  });
  const up = (...flags: string[]) => run(process.execPath, [STADION, 'up', ...FREE_PORTS, ...flags], { cwd: folder });

  it('refuses to listen beyond loopback', async () => {
    const finished = await up('--bind-address', '0.0.0.0');
    expect(finished.code).toBe(1);
    expect(finished.stderr).toContain('no access control');
    expect(finished.stderr).toContain('127.0.0.1');
  });

  it('refuses a data directory that another instance uses, and says which', async () => {
    const platform = await RunningPlatform.start();
    try {
      const finished = await up('--data-dir', platform.dataDirectory);
      expect(finished.code).toBe(1);
      expect(finished.stderr).toContain(String(platform.pid));
      expect((await platform.call('GET', '/ping')).body).toContain('pong');
    } finally {
      await platform.dispose();
    }
  });

  it('refuses a damaged store instead of crashing or forgetting', async () => {
    const platform = await RunningPlatform.start();
    await platform.end('SIGTERM');
    const store = join(platform.dataDirectory, 'store');
    await writeFile(join(store, 'data.mdb'), Buffer.alloc(100_000, 0x5a));
    const finished = await up('--data-dir', platform.dataDirectory);
    expect(finished.code).toBe(1);
    expect(finished.stderr).toMatch(/cannot be used: .* Nothing was changed/);
    await platform.dispose();
  });

  it('refuses a port that is taken, naming the flag', async () => {
    const platform = await RunningPlatform.start();
    try {
      const port = new URL(platform.addresses.orchestrator).port;
      const finished = await up('--data-dir', join(folder, 'other'), '--orchestrator-port', port);
      expect(finished.code).toBe(1);
      expect(finished.stderr).toContain(port);
      expect(finished.stderr).toContain('--orchestrator-port');
    } finally {
      await platform.dispose();
    }
  });

  it('refuses a data directory that cannot be written', async () => {
    await mkdir(join(folder, 'file'), { recursive: true });
    await writeFile(join(folder, 'file', 'data'), '');
    const finished = await up('--data-dir', join(folder, 'file', 'data'));
    expect(finished.code).toBe(1);
    expect(finished.stderr).toContain('file/data');
  });
});
