import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@stadion/base';
import { systemTimers } from '@stadion/base/system';
import { afterEach, beforeEach, describe, test } from 'vitest';
import { storeConformance } from '../../testing.ts';
import { openLmdbStore } from './index.ts';

describe('the store in lmdb', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stadion store '));
  });

  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  for (const claim of storeConformance) {
    test(claim.name, async () => {
      await claim.check({ open: () => openLmdbStore({ directory, timers: systemTimers, log: silentLogger }) });
    });
  }
});
