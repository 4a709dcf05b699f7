/** A disk that is full: what is acknowledged stays, what cannot be kept is refused, and room makes all well again. */
import { mkdtemp, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shellApp } from './support/apps.ts';
import { isRunning } from './support/processes.ts';
import { RunningPlatform, run, waitFor, type Answer } from './support/running-platform.ts';

const canMount = process.getuid?.() === 0;

describe('a full disk', { timeout: 60_000 }, () => {
  let folder: string;
  let data: string;
  let isMounted = false;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'stadion full '));
    data = join(folder, 'data');
    await run('mkdir', [data]);
    if (canMount) isMounted = (await run('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'stadion-test', data])).code === 0;
  });
  afterAll(async () => {
    if (isMounted) await run('umount', ['-l', data]);
    await rm(folder, { recursive: true, force: true });
  });

  /** Leaves so many bytes free. */
  async function fill(bytesFree: number): Promise<void> {
    const { bavail, bsize } = await statfs(data);
    const ballast = Buffer.alloc(Math.max(0, bavail * bsize - bytesFree), 1);
    await writeFile(join(data, 'ballast'), ballast).catch(() => undefined);
  }

  it('is told, loses nothing that was acknowledged, and heals', async (context) => {
    if (!isMounted) context.skip('only root can mount a small disk: run the tests as root to prove a full one');
    const flags = ['--data-dir', data];
    const platform = await RunningPlatform.start(flags);
    const acknowledged = new Set<string>();
    /** Told to be perhaps kept: the write that met the full disk. */
    const uncertain = new Set<string>();
    const create = async (id: string): Promise<Answer> => {
      const labels = { text: 'x'.repeat(100_000) };
      const app = shellApp(id, 'exec sleep 1000', { labels, instances: id === '/before' ? 1 : 0 });
      const answer = await platform.call('POST', '/v2/apps', app);
      if (answer.status === 201) acknowledged.add(id);
      else if (String(answer.body.message).includes('not certain')) uncertain.add(id);
      return answer;
    };
    try {
      await create('/before');
      await platform.change('POST', '/v2/apps', shellApp('/ending', 'echo $$; exec sleep 1000'));
      acknowledged.add('/ending');
      const [ending] = await platform.tasks('/ending');
      const log = join(await platform.sandboxOf(ending?.id ?? ''), 'stdout');
      const pid = Number(await waitFor('its pid is known', () => readFile(log, 'utf8')));
      const [task] = await platform.tasks('/before');
      await fill(0);
      let writes = 0;
      const refused = await waitFor('a write is refused', async () => {
        writes += 1;
        const answer = await create(`/app-${writes}`);
        return answer.status !== 201 && answer;
      });
      expect(refused.status).toBe(503);
      expect(refused.body).toEqual({ message: expect.stringMatching(/disk .* is full/) });
      expect((await platform.call('GET', '/v2/apps/before')).body.app.tasksRunning).toBe(1);

      // What happens meanwhile is not forgotten either.
      process.kill(pid, 'SIGKILL');
      await waitFor('the task has ended', () => !isRunning(pid));
      expect((await platform.call('GET', '/ping')).status).toBe(200);

      await rm(join(data, 'ballast'));
      await waitFor('writes are accepted again', async () => (await create('/after')).status === 201);
      await waitFor('the end of the task is known', async () => {
        const { lastTaskFailure } = (await platform.call('GET', '/v2/apps/ending')).body.app;
        return lastTaskFailure?.taskId === ending?.id;
      });
      await platform.end('SIGKILL');
      await platform.startAgain(flags);
      const { body } = await platform.call('GET', '/v2/apps');
      const kept: string[] = body.apps.map((app: { id: string }) => app.id);
      expect(kept).toEqual(expect.arrayContaining([...acknowledged]));
      expect(kept.filter((id) => !acknowledged.has(id) && !uncertain.has(id))).toEqual([]);
      await waitFor('the task is known again', async () => {
        const [known] = await platform.tasks('/before');
        return known?.id === task?.id && known?.state === 'TASK_RUNNING';
      });
    } finally {
      await platform.dispose();
    }
  });
});
