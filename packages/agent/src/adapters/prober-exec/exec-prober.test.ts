import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProbeAnswer } from '../../core/probe.ts';
import { createPosixContainerizer } from '../posix/posix-containerizer.ts';
import { createNetworkProber } from '../prober-network/network-prober.ts';
import { createExecProber } from './exec-prober.ts';

const directory = mkdtempSync(join(tmpdir(), 'stadion prober '));
const environment = { PATH: process.env['PATH'] ?? '', GREETING: 'hello' };
const containerizer = createPosixContainerizer({
  runtimeDirectory: join(directory, 'run'),
  clock: systemClock,
  timers: systemTimers,
  log: silentLogger,
});
const network = createNetworkProber({ timers: systemTimers });
const prober = createExecProber({ network, containerizer, timers: systemTimers });

beforeAll(async () => {
  await containerizer.recover(() => undefined);
  const command = { kind: 'shell' as const, text: 'exec sleep 1000' };
  await containerizer.launch({ containerId: 'c', command, environment, directory });
});
afterAll(async () => {
  containerizer.kill('c', 0);
  await prober.close();
  rmSync(directory, { recursive: true, force: true });
});

function command(text: string, timeoutMs = 5000, containerId = 'c'): Promise<ProbeAnswer> {
  return prober.probe({ kind: 'command', containerId, command: text, directory, environment, timeoutMs });
}

describe('a COMMAND probe', () => {
  it('runs in the sandbox with the environment of the task', async () => {
    expect(await command('test "$GREETING" = hello && test "$(pwd -P)" = "$PWD" && exit 4')).toEqual({
      kind: 'command',
      exitCode: 4,
    });
  });

  it('is ended with everything it started when it takes too long', async () => {
    const begun = systemClock.monotonic();
    expect(await command('sleep 30 & sleep 30', 50)).toMatchObject({ kind: 'failed' });
    expect(systemClock.monotonic() - begun).toBeLessThan(10_000);
  });

  it('fails where nothing runs', async () => {
    expect(await command('true', 5000, 'unknown')).toEqual({ kind: 'failed', cause: 'The task does not run' });
  });
});
