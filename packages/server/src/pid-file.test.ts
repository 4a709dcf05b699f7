import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PLATFORM_FILE_NAMES } from '@stadion/contract';
import { describe, expect, it } from 'vitest';
import { removePidFile, writePidFile } from './pid-file.ts';

describe('files of processes in a data directory', () => {
  it('do not replace each other: a server and an agent may share it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'stadion-pid-'));
    try {
      await writePidFile(directory, 'platform', { orchestrator: 'http://h:8080', master: 'http://h:5050' });
      await writePidFile(directory, 'agent', { agent: 'http://h:5051' });
      const server = JSON.parse(await readFile(join(directory, PLATFORM_FILE_NAMES.platform), 'utf8')) as object;
      expect(server).toMatchObject({ pid: process.pid, addresses: { master: 'http://h:5050' } });
      await removePidFile(directory, 'agent');
      expect(await readdir(directory)).toEqual([PLATFORM_FILE_NAMES.platform]);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
