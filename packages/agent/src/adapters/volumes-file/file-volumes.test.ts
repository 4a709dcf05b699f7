import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VolumeId } from '../../core/volumes.ts';
import { FileVolumes } from './file-volumes.ts';

let folder: string;
let volumes: FileVolumes;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stadion-volumes-'));
  volumes = new FileVolumes(join(folder, 'work'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('a volume', () => {
  it.each<[string, Pick<VolumeId, 'disk'>, string]>([
    ['of the work directory', {}, 'work/volumes/roles/a b/v1'],
    ['on a disk of which parts are had', { disk: { type: 'PATH', root: 'R' } }, 'disk/volumes/roles/a b/v1'],
  ])('%s is a directory below it, made and wiped with all that is in it', async (_, { disk }, path) => {
    const volume = { role: 'a/b', id: 'v1', ...(disk && { disk: { ...disk, root: join(folder, 'disk') } }) };
    expect(volumes.directory(volume)).toBe(join(folder, path));
    await volumes.create(volume);
    await writeFile(join(folder, path, 'kept'), 'x');
    await volumes.create(volume);
    await volumes.handOver(volume, undefined);
    expect(await readdir(join(folder, path))).toEqual(['kept']);
    await volumes.wipe(volume);
    expect(existsSync(join(folder, path))).toBe(false);
  });

  it('that is a disk as a whole is emptied and stays, and is never made where nothing is mounted', async () => {
    const root = join(folder, 'mounted');
    const volume = { role: 'a', id: 'v1', disk: { type: 'MOUNT' as const, root } };
    await expect(volumes.create(volume)).rejects.toThrow(/could not be made/);
    expect(existsSync(root)).toBe(false);
    await mkdir(join(root, 'deep'), { recursive: true });
    await volumes.create(volume);
    await writeFile(join(root, 'deep', 'kept'), 'x');
    expect(volumes.directory(volume)).toBe(root);
    await volumes.wipe(volume);
    expect(await readdir(root)).toEqual([]);
  });
});
