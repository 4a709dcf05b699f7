import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPosixContainerizer } from '@stadion/agent/containerizers';
import { silentLogger } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { openLmdbStore } from '@stadion/store';
import { expect, it } from 'vitest';

it.skipIf(process.platform !== 'linux')(
  'a task gets no open file of the platform, its database least of all',
  async () => {
    const root = mkdtempSync(join(tmpdir(), 'stadion task '));
    const ports = { clock: systemClock, timers: systemTimers, log: silentLogger };
    const store = await openLmdbStore({ directory: join(root, 'store'), timers: systemTimers, log: silentLogger });
    const containerizer = createPosixContainerizer({ ...ports, runtimeDirectory: join(root, 'run') });
    const ended = new Promise((resolve) => {
      void containerizer
        .recover((_containerId, exit) => resolve(exit))
        .then(async () => {
          const directory = join(root, 'sandbox');
          mkdirSync(directory);
          const text = 'for file in /proc/self/fd/*; do readlink "$file"; done; exit 0';
          const spec = { containerId: 'c', command: { kind: 'shell' as const, text }, environment: {}, directory };
          const outcome = await containerizer.launch(spec);
          if (!outcome.ok) resolve(outcome.message);
        });
    });
    expect(await ended).toEqual({ kind: 'exited', code: 0 });
    const files = readFileSync(join(root, 'sandbox', 'stdout'), 'utf8')
      .trim()
      .split('\n');
    const own = [join(root, 'sandbox', 'stdout'), join(root, 'sandbox', 'stderr'), '/dev/null'];
    expect(files.filter((file) => !own.includes(file) && !file.startsWith('/proc/'))).toEqual([]);
    expect(files).toContain(own[0]);
    await containerizer.close();
    await store.close();
    rmSync(root, { recursive: true, force: true });
  },
);
