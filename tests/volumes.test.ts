/** Data stays where it was written, through everything but a wipe; and a wipe leaves nothing reserved. */
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningPlatform, waitFor } from './support/running-platform.ts';

/** Writes one line for each start, and its process id, where it keeps its data. */
const KEEPING = 'echo started >> data/starts; echo $$ > data/pid; exec sleep 10000';

const APP = {
  id: '/store',
  cmd: KEEPING,
  cpus: 0.1,
  mem: 16,
  backoffSeconds: 0,
  portDefinitions: [{ port: 0 }],
  container: { type: 'MESOS', volumes: [{ containerPath: 'data', mode: 'RW', persistent: { size: 10 } }] },
};

const POD = {
  id: '/pod',
  containers: [
    {
      name: 'keeper',
      exec: { command: { shell: KEEPING } },
      resources: { cpus: 0.1, mem: 32 },
      volumeMounts: [{ name: 'kept', mountPath: 'data' }],
    },
  ],
  volumes: [{ name: 'kept', persistent: { size: 10 } }],
  scaling: { kind: 'fixed', instances: 1 },
  scheduling: { backoff: { backoff: 0, backoffFactor: 1, maxLaunchDelay: 1 } },
};

const missing = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');
const canContain = process.getuid?.() === 0 && !['runc', 'tini'].some((part) => missing.includes(part));

let platform: RunningPlatform;
beforeAll(async () => {
  platform = await RunningPlatform.start();
});
afterAll(async () => {
  await platform.dispose();
});

/** Where the agent keeps volumes, one folder each. */
async function volumes(of = platform): Promise<string[]> {
  const found: string[] = [];
  const walk = async (folder: string, depth: number): Promise<void> => {
    for (const name of await readdir(folder).catch((): string[] => [])) {
      const path = join(folder, name);
      if (name.includes('#')) found.push(path);
      else if (depth > 0) await walk(path, depth - 1);
    }
  };
  await walk(of.dataDirectory, 5);
  return found;
}

async function volumeOf(app: string): Promise<string> {
  const found = (await volumes()).filter((path) => path.includes(`/${app}#`));
  expect(found).toHaveLength(1);
  return found[0] ?? '';
}

async function starts(volume: string): Promise<number> {
  const text = await readFile(join(volume, 'starts'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line === 'started').length;
}

async function kill(volume: string): Promise<void> {
  process.kill(Number(await readFile(join(volume, 'pid'), 'utf8')), 'SIGKILL');
}

async function reserved(): Promise<Record<string, unknown>> {
  const { body } = await platform.ask('master', '/slaves');
  return body.slaves[0].reserved_resources;
}

async function goneFor(app: string): Promise<void> {
  await waitFor('the volume is wiped', async () => !(await volumes()).some((path) => path.includes(`/${app}#`)));
  await waitFor('nothing is reserved', async () => Object.keys(await reserved()).length === 0);
}

describe('an app with a persistent volume', () => {
  it('keeps what it wrote through a kill, a restart, a change and the death of the whole platform', async () => {
    await platform.change('POST', '/v2/apps', APP);
    const volume = await volumeOf('store');
    await waitFor('it has started', async () => (await starts(volume)) === 1);
    const [first] = await platform.tasks('/store');
    expect(first).toMatchObject({
      localVolumes: [
        { runSpecId: '/store', containerPath: 'data', persistenceId: expect.stringMatching(/^store#data#/) },
      ],
    });
    expect(await reserved()).toMatchObject({ marathon: { cpus: 0.1, mem: 16, disk: 10 } });

    await kill(volume);
    await waitFor('it runs again', async () => (await starts(volume)) === 2);
    await platform.change('POST', '/v2/apps/store/restart');
    await waitFor('it was restarted', async () => (await starts(volume)) === 3);
    await platform.change('PUT', '/v2/apps/store', { env: { CHANGED: 'yes' } });
    await waitFor('it was changed', async () => (await starts(volume)) === 4);
    await platform.end('SIGKILL');
    await platform.startAgain();
    await kill(volume);
    await waitFor('it runs again', async () => (await starts(volume)) === 5);

    const [last] = await waitFor('its task is shown as running', async () => {
      const tasks = await platform.tasks('/store');
      return tasks[0]?.state === 'TASK_RUNNING' && tasks;
    });
    expect(last?.id).toBe(first?.id.replace(/\.1$/, '.5'));
    expect(last?.ports).toEqual(first?.ports);
    expect(await volumeOf('store')).toBe(volume);
  });

  it('keeps it when it is scaled to nothing and back', async () => {
    const volume = await volumeOf('store');
    const before = await starts(volume);
    await platform.change('PUT', '/v2/apps/store', { instances: 0 });
    expect(await platform.tasks('/store')).toMatchObject([{ state: 'TASK_KILLED' }]);
    expect(await reserved()).toMatchObject({ marathon: { disk: 10 } });
    await platform.change('PUT', '/v2/apps/store', { instances: 1 });
    await waitFor('it runs again', async () => (await starts(volume)) === before + 1);
  });

  it('starts anew after a wipe', async () => {
    const volume = await volumeOf('store');
    const [task] = await platform.tasks('/store');
    expect((await platform.call('DELETE', `/v2/apps/store/tasks/${task?.id ?? ''}?wipe=true`)).status).toBe(200);
    await waitFor('the old volume is gone', () => !existsSync(volume));
    await waitFor('another was made', async () => (await volumes()).length === 1);
    const fresh = await volumeOf('store');
    await waitFor('it has started there', async () => (await starts(fresh)) === 1);
  });

  it('refuses to change what is reserved', async () => {
    const answer = await platform.call('PUT', '/v2/apps/store', { cpus: 0.2 });
    expect(answer.status).toBe(422);
    expect(answer.body.details).toEqual([
      { path: '/cpus', errors: ['Resident Tasks may not change resource requirements!'] },
    ]);
  });

  it('leaves nothing behind when it is deleted', async () => {
    await platform.change('DELETE', '/v2/apps/store');
    await goneFor('store');
  });
});

describe('a pod with a persistent volume', () => {
  it('keeps what it wrote, and leaves nothing behind when it is deleted', async () => {
    await platform.change('POST', '/v2/pods', POD);
    const volume = await volumeOf('pod');
    await waitFor('it has started', async () => (await starts(volume)) === 1);
    await kill(volume);
    await waitFor('it runs again', async () => (await starts(volume)) === 2);
    await platform.change('PUT', '/v2/pods/pod', { ...POD, environment: { CHANGED: 'yes' } });
    await waitFor('it was changed', async () => (await starts(volume)) === 3);
    await platform.end('SIGKILL');
    await platform.startAgain();
    await kill(volume);
    await waitFor('it runs again', async () => (await starts(volume)) === 4);
    expect((await platform.call('GET', '/v2/pods/pod::status')).body.instances).toMatchObject([
      { localVolumes: [{ runSpecId: '/pod', containerPath: 'kept' }] },
    ]);
    await platform.change('DELETE', '/v2/pods/pod');
    await goneFor('pod');
  });
});

describe.skipIf(!canContain)('an app with a persistent volume in a linux container', () => {
  let contained: RunningPlatform;
  beforeAll(async () => {
    contained = await RunningPlatform.start(['--containerizers', 'linux']);
  }, 60_000);
  afterAll(async () => {
    await contained.dispose();
  });
  /** The volume is mounted where the container sees it, and nowhere else. */
  const lines = async (name: string): Promise<string[]> => {
    const [volume = ''] = await volumes(contained);
    const text = await readFile(join(volume, name), 'utf8').catch(() => '');
    return text.split('\n').filter((line) => line !== '');
  };

  it('finds what it wrote after a kill and the death of the platform, and leaves nothing behind', async () => {
    // As the first process of a container of its own, its id says that it is in one.
    await contained.change('POST', '/v2/apps', APP);
    await waitFor('it has written', async () => (await lines('starts')).length === 1);
    expect(Number((await lines('pid'))[0])).toBeLessThan(100);
    const [task] = await contained.tasks('/store');
    await contained.call('DELETE', `/v2/apps/store/tasks/${task?.id ?? ''}`);
    await waitFor('it has started again on it', async () => (await lines('starts')).length === 2);
    await contained.end('SIGKILL');
    await contained.startAgain(['--containerizers', 'linux']);
    await waitFor('it is known again', async () => (await contained.tasks('/store'))[0]?.state === 'TASK_RUNNING');
    await contained.change('POST', '/v2/apps/store/restart');
    await waitFor('it has started a third time', async () => (await lines('starts')).length === 3);
    await contained.change('DELETE', '/v2/apps/store');
    await waitFor('nothing is reserved', async () => {
      const { body } = await contained.ask('master', '/slaves');
      return Object.keys(body.slaves[0].reserved_resources).length === 0;
    });
  }, 60_000);

  it('waits when it asks for a disk of its own, and says why', async () => {
    const persistent = { type: 'mount', size: 10 };
    const volumes = [{ containerPath: 'data', mode: 'RW', persistent }];
    const app = { ...APP, id: '/picky', container: { type: 'MESOS', volumes } };
    expect((await contained.call('POST', '/v2/apps', app)).status).toBe(201);
    const why = await waitFor('it says why', async () => {
      const { body } = await contained.call('GET', '/v2/apps/picky/why');
      return /disk/.test(body.summary ?? '') ? body.summary : undefined;
    });
    expect(why).toContain('mount');
    await contained.change('DELETE', '/v2/apps/picky?force=true');
  }, 60_000);
});
