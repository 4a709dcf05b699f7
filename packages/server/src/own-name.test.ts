import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemRandom } from '@stadion/base/system';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadOwnName } from './own-name.ts';

describe('the name of a work directory', () => {
  const random = new SystemRandom();
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'stadion-name-'));
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  it('stays, and is that of no other one, though it had the same path', async () => {
    const path = join(root, 'agent');
    const name = await loadOwnName(path, random);
    mkdirSync(join(path, 'meta'));
    expect(await loadOwnName(path, random)).toBe(name);
    rmSync(path, { recursive: true });
    expect(await loadOwnName(path, random)).not.toBe(name);
  });

  it('is one for two that start at once', async () => {
    const path = join(root, 'agent');
    const [one, other] = await Promise.all([loadOwnName(path, random), loadOwnName(path, random)]);
    expect(one).toBe(other);
  });

  it('is its path where a version without names has used it: what runs is found by that', async () => {
    mkdirSync(join(root, 'meta'));
    expect(await loadOwnName(root, random)).toBe(root);
    expect(await loadOwnName(root, random)).toBe(root);
  });
});
