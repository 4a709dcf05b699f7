import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileCheckpoints } from './file-checkpoints.ts';

let root: string;
let checkpoints: FileCheckpoints;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'stadion checkpoints '));
  checkpoints = new FileCheckpoints(root);
  await checkpoints.open();
});

afterEach(async () => {
  await checkpoints.close();
  rmSync(root, { recursive: true, force: true });
});

describe('checkpoints in files', () => {
  it('come back as they were saved, under odd names too', async () => {
    const keys = ['agent', 'task/a-1', 'framework/über/ ../x', 'task/..'];
    for (const key of keys) await checkpoints.save(key, { key }, { durable: key === 'agent' });
    await checkpoints.close();
    const again = new FileCheckpoints(root);
    await again.open();
    const loaded = [...(await again.load())].map((each) => ('value' in each ? each.value : each.problem));
    expect(loaded).toHaveLength(keys.length);
    for (const key of keys) expect(loaded).toContainEqual({ key });
    await again.close();
  });

  it('keep the order of saves of one key, and the last word', async () => {
    const saves = Array.from({ length: 50 }, (_none, count) =>
      checkpoints.save('task/a', { count }, { durable: count % 7 === 0 }),
    );
    await Promise.all(saves);
    expect(await checkpoints.load()).toEqual([{ key: 'task/a', value: { count: 49 } }]);
    const removed = checkpoints.remove('task/a');
    const saved = checkpoints.save('task/a', { count: 50 }, { durable: false });
    await Promise.all([removed, saved]);
    expect(await checkpoints.load()).toEqual([{ key: 'task/a', value: { count: 50 } }]);
  });

  it('forget what was removed, and shrug at what was never there', async () => {
    await checkpoints.save('task/a', {}, { durable: false });
    await checkpoints.remove('task/a');
    await checkpoints.remove('task/b');
    expect(await checkpoints.load()).toEqual([]);
  });

  it('report a damaged file by its key and keep the rest; unfinished ones are cleared away', async () => {
    await checkpoints.save('task/good', { good: true }, { durable: false });
    writeFileSync(join(root, 'meta', 'task', 'bad.json'), '{"cut off');
    writeFileSync(join(root, 'meta', 'task', 'half.json.tmp'), '{');
    writeFileSync(join(root, 'meta', 'task', '100%.json'), '{}');
    const loaded = await checkpoints.load();
    expect(loaded).toContainEqual({ key: 'task/good', value: { good: true } });
    expect(loaded.find((each) => each.key === 'task/bad')).toHaveProperty('problem');
    expect(readdirSync(join(root, 'meta', 'task')).sort()).toEqual(['100%.json', 'bad.json', 'good.json']);
  });

  it('say that they cannot be written', async () => {
    rmSync(join(root, 'meta'), { recursive: true });
    writeFileSync(join(root, 'meta'), '');
    await expect(checkpoints.save('agent', {}, { durable: false })).rejects.toMatchObject({
      code: 'agent-checkpoint-failed',
    });
  });
});

describe('the lock of a work directory', () => {
  it('keeps a second agent out, and names the first', async () => {
    const second = new FileCheckpoints(root);
    await expect(second.open()).rejects.toMatchObject({ code: 'agent-work-dir-locked' });
    await expect(second.open()).rejects.toThrow(`the process ${process.pid}`);
    await second.close();
    expect(readdirSync(root)).toContain('lock');
  });

  it.each([
    ['of a process that is gone', () => JSON.stringify({ pid: 4_194_303, startTime: '1' })],
    ['of an earlier process with the same pid', (text: string) => text.replace(/"startTime":"\d+"/, '"startTime":"1"')],
    ['of an earlier life of the machine', (text: string) => text.replace(/"bootId":"[^"]+"/, '"bootId":"earlier"')],
    ['that was cut off', () => '{"pi'],
  ])('is taken over when it is one %s', async (_what, change) => {
    const path = join(root, 'lock');
    writeFileSync(path, change(readFileSync(path, 'utf8')));
    const second = new FileCheckpoints(root);
    await second.open();
    await second.close();
  });
});
