/** Volumes on disks of their own: a file system that is had as a whole, and a directory of which parts are. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningPlatform, waitFor } from './support/running-platform.ts';

const MIB = { mount: 100, other: 300, path: 50 };

let folder: string;
let platform: RunningPlatform;
let flags: readonly string[];
const at = (name: string): string => join(folder, name);

function disk(type: 'MOUNT' | 'PATH', root: string, value: number): object {
  const source = type === 'MOUNT' ? { type, mount: { root } } : { type, path: { root } };
  return { name: 'disk', type: 'SCALAR', scalar: { value }, disk: { source } };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stadion-disks-'));
  for (const name of ['fast', 'slow', 'shared']) await mkdir(at(name));
  const disks = [
    disk('MOUNT', at('fast'), MIB.mount),
    disk('MOUNT', at('slow'), MIB.other),
    disk('PATH', at('shared'), MIB.path),
  ];
  flags = ['--resources', JSON.stringify(disks)];
  platform = await RunningPlatform.start(flags);
});
afterAll(async () => {
  await platform.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** An app that writes one line for each start to each of its volumes. */
function app(id: string, volumes: Readonly<Record<string, object>>, more: object = {}): object {
  const names = Object.keys(volumes);
  return {
    id,
    cmd: `${names.map((name) => `echo ${id} >> ${name}/starts`).join('; ')}; exec sleep 10000`,
    cpus: 0.1,
    mem: 16,
    backoffSeconds: 0,
    portDefinitions: [],
    container: {
      type: 'MESOS',
      volumes: names.map((name) => ({ containerPath: name, mode: 'RW', persistent: volumes[name] })),
    },
    ...more,
  };
}

async function lines(...path: string[]): Promise<string[]> {
  const text = await readFile(join(folder, ...path, 'starts'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

/** The one volume below a disk of which parts are had. */
async function onShared(): Promise<string | undefined> {
  const [role = ''] = await readdir(join(folder, 'shared', 'volumes', 'roles')).catch(() => []);
  const [name] = role === '' ? [] : await readdir(join(folder, 'shared', 'volumes', 'roles', role));
  return name === undefined ? undefined : join('shared', 'volumes', 'roles', role, name);
}

async function slave(): Promise<Record<string, Record<string, { disk: number }> & { disk: number }>> {
  return (await platform.ask('master', '/slaves')).body.slaves[0];
}

async function nothingReserved(): Promise<void> {
  await waitFor('nothing is reserved', async () => {
    return Object.keys((await slave())['reserved_resources'] ?? {}).length === 0;
  });
}

describe('an app with volumes on disks of their own', { timeout: 60_000 }, () => {
  it('takes the smallest that suits, as a whole or in part, and finds them again after everything', async () => {
    const before = (await slave())['unreserved_resources'];
    const volumes = { whole: { type: 'mount', size: 60 }, part: { type: 'path', size: 20 } };
    await platform.change('POST', '/v2/apps', app('/db', volumes));
    await waitFor('it has started on both', async () => {
      const shared = await onShared();
      return (await lines('fast')).length === 1 && shared !== undefined && (await lines(shared)).length === 1;
    });
    expect(await lines('slow')).toEqual([]);
    expect((await slave())['reserved_resources']).toMatchObject({ marathon: { disk: MIB.mount + 20 } });
    expect((await slave())['unreserved_resources']?.disk).toEqual(Number(before?.disk) - MIB.mount - 20);
    await platform.change('POST', '/v2/apps/db/restart');
    await waitFor('it was restarted there', async () => (await lines('fast')).length === 2);
    await platform.end('SIGKILL');
    await platform.startAgain(flags);
    await platform.change('POST', '/v2/apps/db/restart');
    await waitFor('it was restarted there again', async () => (await lines('fast')).length === 3);
    expect(await lines((await onShared()) ?? '')).toHaveLength(3);
  });

  it('shares a disk with others only where parts can be had', async () => {
    await platform.change('POST', '/v2/apps', app('/second', { whole: { type: 'mount', size: 60 } }));
    await waitFor('it has the other disk', async () => (await lines('slow')).length === 1);
    const third = app('/third', { whole: { type: 'mount', size: 60 } });
    expect((await platform.call('POST', '/v2/apps', third)).status).toBe(201);
    const why = await waitFor('it says why it waits', async () => {
      const { body } = await platform.call('GET', '/v2/apps/third/why');
      return /mount/.test(body.summary ?? '') ? body.summary : undefined;
    });
    expect(why).toMatch(/needs a disk of type mount with at least 60 MiB for its volume whole/);
    await platform.change('DELETE', '/v2/apps/third?force=true');
    const parts = app('/parts', { a: { type: 'path', size: 15 }, b: { type: 'path', size: 15 } });
    await platform.change('POST', '/v2/apps', parts);
    expect((await slave())['reserved_resources']).toMatchObject({ marathon: { disk: MIB.mount + MIB.other + 50 } });
    await platform.change('DELETE', '/v2/apps/parts');
  });

  it('is a pod as well as an app', async () => {
    await platform.change('POST', '/v2/pods', {
      id: '/pod',
      containers: [
        {
          name: 'keeper',
          exec: { command: { shell: 'echo pod >> data/starts; exec sleep 10000' } },
          resources: { cpus: 0.1, mem: 32 },
          volumeMounts: [{ name: 'kept', mountPath: 'data' }],
        },
      ],
      volumes: [{ name: 'kept', persistent: { type: 'path', size: 25 } }],
    });
    const reserved = MIB.mount + MIB.other + 20 + 25;
    expect((await slave())['reserved_resources']?.['marathon']?.disk).toBeGreaterThanOrEqual(reserved);
    await platform.change('DELETE', '/v2/pods/pod');
    await waitFor('its part is free again', async () => {
      return (await slave())['reserved_resources']?.['marathon']?.disk === MIB.mount + MIB.other + 20;
    });
  });

  it('leaves disks empty when it goes, and they can be had again', async () => {
    await platform.change('DELETE', '/v2/apps/db');
    await platform.change('DELETE', '/v2/apps/second');
    await nothingReserved();
    await waitFor('they are empty', async () => {
      return (await readdir(at('fast'))).length + (await readdir(at('slow'))).length === 0;
    });
    expect(await onShared()).toBeUndefined();
    expect(existsSync(at('fast'))).toBe(true);
    const volumes = {
      whole: { type: 'mount', size: 60, maxSize: 400, constraints: [['path', 'LIKE', '.*/slow']] },
    };
    await platform.change('POST', '/v2/apps', app('/picky', volumes));
    await waitFor('it is where it may be', async () => (await lines('slow')).join() === '/picky');
    await platform.change('DELETE', '/v2/apps/picky');
    const small = app('/small', { whole: { type: 'mount', size: 10, maxSize: 50 } });
    expect((await platform.call('POST', '/v2/apps', small)).status).toBe(201);
    await waitFor('it says that all are too large', async () => {
      const { body } = await platform.call('GET', '/v2/apps/small/why');
      return /at most 50 MiB/.test(body.summary ?? '');
    });
    await platform.change('DELETE', '/v2/apps/small?force=true');
  });
});
