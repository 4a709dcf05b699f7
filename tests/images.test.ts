/** An app of type MESOS on an image, through the whole platform: its network, its checks, and why it does not start. */
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { busyboxLayer, makeImage, SmallRegistry, writeLayout } from '@stadion/agent/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { heldPull } from './support/held-pull.ts';
import { RunningPlatform, waitFor } from './support/running-platform.ts';

const missing = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');
const parts = ['runc', 'tini', 'busybox', 'containernetworking-plugins', 'iptables'];
const canRun = process.getuid?.() === 0 && !parts.some((part) => missing.includes(part));
const LIMIT_MS = 60_000;

describe.skipIf(!canRun)('an app on an image without Docker', () => {
  let platform: RunningPlatform;
  let image = '';
  let directory = '';

  const app = (id: string, docker: object, more: object = {}) => {
    const portMappings = [{ containerPort: 80, hostPort: 0 }];
    const container = { type: 'MESOS', docker, portMappings };
    return { id, cpus: 0.1, mem: 64, instances: 1, container, networks: [{ mode: 'container/bridge' }], ...more };
  };

  beforeAll(async () => {
    platform = await RunningPlatform.start(['--containerizers', 'linux']);
    // Names of images have no spaces, unlike the folder of the platform.
    directory = mkdtempSync(join(tmpdir(), 'stadion-image-'));
    await writeLayout(makeImage({ layers: [busyboxLayer()] }), directory, 'v1');
    image = `oci:${directory}:v1`;
  }, LIMIT_MS);

  afterAll(async () => {
    await platform.dispose();
    rmSync(directory, { recursive: true, force: true });
  });

  it(
    'has an address of its own, is checked from outside and inside, and answers at its port of the machine',
    async () => {
      const cmd = 'while :; do printf "HTTP/1.0 200 OK\\r\\n\\r\\nhello" | nc -l -p 80; done';
      const often = { intervalSeconds: 1, delaySeconds: 0 };
      const healthChecks = [
        { protocol: 'TCP', portIndex: 0, ...often },
        { protocol: 'COMMAND', command: { value: 'test -x /bin/busybox && test ! -e /usr' }, ...often },
      ];
      await platform.change('POST', '/v2/apps', app('/served', { image }, { cmd, healthChecks }), LIMIT_MS);
      const [task] = await platform.tasks('/served');
      expect(task?.healthCheckResults.map(({ alive }) => alive)).toEqual([true, true]);
      const url = `http://127.0.0.1:${task?.ports[0] ?? 0}/`;
      const text = await waitFor('it answers', () =>
        fetch(url)
          .then((response) => response.text())
          .catch(() => undefined),
      );
      expect(text).toBe('hello');
    },
    LIMIT_MS,
  );

  it(
    'has its image brought before it is deployed, and is told what cannot be brought',
    async () => {
      const early = mkdtempSync(join(tmpdir(), 'stadion-early-'));
      try {
        await writeLayout(makeImage({ layers: [busyboxLayer()] }), early, 'v2');
        const name = `oci:${early}:v2`;
        const pulled = await platform.cli('image', 'pull', name);
        expect([pulled.code, pulled.stdout]).toEqual([0, `${name} is on 1 of 1 nodes.\n`]);
        const listed = await platform.cli('image', 'list', '-q');
        expect(listed.stdout.split('\n')).toContain(name);
        const failed = await platform.cli('image', 'pull', `oci:${early}:none`);
        expect(failed.code).toBe(1);
        expect(failed.stdout).toMatch(/: image-not-found: .*\n.* is on 0 of 1 nodes\.\n$/);
      } finally {
        rmSync(early, { recursive: true, force: true });
      }
    },
    LIMIT_MS,
  );

  it(
    'is confined as its descriptor says, and ends by the signal that it names; so are the containers of a pod',
    async () => {
      const linuxInfo = {
        capabilities: { effective: ['CAP_KILL'] },
        rlimits: [{ type: 'RLMT_NOFILE', soft: 64, hard: 64 }],
        seccomp: { unconfined: true },
        readOnlyRoot: true,
        stopSignal: 'SIGUSR2',
        tmpfs: [{ containerPath: '/scratch', sizeMiB: 1 }],
      };
      const look =
        'grep -E "^(CapEff|Seccomp):" /proc/self/status; ulimit -n; touch /x || echo read-only; touch /scratch/x';
      const wait = 'trap "echo asked; exit 0" USR2; echo up; while :; do sleep 0.1; done';
      const cmd = `${look} && ${wait}`;
      const expected = 'CapEff:\t0000000000000020\nSeccomp:\t0\n64\nread-only\nup\n';
      const confined = app('/confined', { image }, { cmd, taskKillGracePeriodSeconds: 30 });
      const container = { ...confined.container, linuxInfo };
      await platform.change('POST', '/v2/apps', { ...confined, container }, LIMIT_MS);
      const pod = {
        id: '/pod',
        containers: [
          {
            name: 'one',
            image: { kind: 'DOCKER', id: image },
            exec: { command: { shell: cmd } },
            resources: { cpus: 0.1, mem: 64 },
            lifecycle: { killGracePeriodSeconds: 30 },
            linuxInfo: { readOnlyRoot: true },
          },
        ],
        linuxInfo,
      };
      expect((await platform.call('POST', '/v2/pods', pod)).status).toBe(201);
      const podSandbox = async (): Promise<string | undefined> => {
        const [instance] = (await platform.call('GET', '/v2/pods/pod::status')).body.instances as {
          id: string;
          containers: { containerId: string }[];
        }[];
        const { body } = await platform.ask('agent', '/state');
        const executors = (body.frameworks as { executors: { id: string; directory: string }[] }[]).flatMap(
          (framework) => framework.executors,
        );
        const executor = executors.find(({ id }) => id.startsWith(instance?.id ?? 'none'));
        return executor && join(executor.directory, 'tasks', instance?.containers[0]?.containerId ?? '');
      };
      const sandboxes = [
        await platform.sandboxOf((await platform.tasks('/confined'))[0]?.id ?? ''),
        await waitFor('the pod is there', podSandbox, LIMIT_MS),
      ];
      const outputs = () =>
        Promise.all(sandboxes.map((sandbox) => readFile(join(sandbox, 'stdout'), 'utf8').catch(() => '')));
      await waitFor('both are up', async () => (await outputs()).every((text) => text.endsWith('up\n')), LIMIT_MS);
      expect(await outputs()).toEqual([expected, expected]);
      await platform.change('DELETE', '/v2/apps/confined', undefined, LIMIT_MS);
      await platform.change('DELETE', '/v2/pods/pod', undefined, LIMIT_MS);
      expect(await outputs()).toEqual([`${expected}asked\n`, `${expected}asked\n`]);
    },
    LIMIT_MS,
  );

  it(
    'has its secrets by environment and as a file, and none of them gets onto the disk while it runs',
    async () => {
      const value = 'opensesame-of-the-image';
      expect((await platform.call('PUT', '/secrets/v1/secret/default/door', { value })).status).toBe(201);
      const cmd = 'echo ${#WORD} $(wc -c </run/word); exec sleep 100000';
      const secret = app(
        '/secret',
        { image },
        { cmd, env: { WORD: { secret: 'door' } }, secrets: { door: { source: 'door' } } },
      );
      const container = { ...secret.container, volumes: [{ containerPath: '/run/word', secret: 'door' }] };
      await platform.change('POST', '/v2/apps', { ...secret, container }, LIMIT_MS);
      const sandbox = await platform.sandboxOf((await platform.tasks('/secret'))[0]?.id ?? '');
      const seen = await waitFor(
        'it has looked',
        () => readFile(join(sandbox, 'stdout'), 'utf8').catch(() => ''),
        LIMIT_MS,
      );
      expect(seen).toBe(`${value.length} ${value.length}\n`);
      const found: string[] = [];
      for (const entry of await readdir(platform.dataDirectory, { withFileTypes: true, recursive: true })) {
        const path = join(entry.parentPath, entry.name);
        if (entry.isFile() && (await readFile(path).catch(() => '')).includes(value)) found.push(path);
      }
      expect(found).toEqual([]);
      await platform.change('DELETE', '/v2/apps/secret', undefined, LIMIT_MS);
    },
    LIMIT_MS,
  );

  it(
    'shares the network and the volumes of its pod, and ends with it',
    async () => {
      const resources = { cpus: 0.1, mem: 64 };
      const volumeMounts = [{ name: 'shared', mountPath: 'shared' }];
      const container = (name: string, shell: string) => {
        return { name, image: { kind: 'DOCKER', id: image }, exec: { command: { shell } }, resources, volumeMounts };
      };
      const pod = {
        id: '/pair',
        containers: [
          container('server', 'echo written >shared/word; while :; do echo heard | nc -l -p 8000; done'),
          container(
            'client',
            'until nc -w 5 127.0.0.1 8000 | grep heard; do sleep 0.2; done; until cat shared/word; do sleep 0.2; done; ' +
              'until test -e shared/die; do sleep 0.2; done; exit 3',
          ),
        ],
        volumes: [{ name: 'shared' }],
        networks: [{ mode: 'container/bridge' }],
      };
      expect((await platform.call('POST', '/v2/pods', pod)).status).toBe(201);
      const executorsOf = async (key: 'executors' | 'completed_executors') => {
        const { body } = await platform.ask('agent', '/state');
        return (body.frameworks as Record<typeof key, { id: string; directory: string }[]>[])
          .flatMap((framework) => framework[key])
          .filter(({ id }) => id.startsWith('pair.'));
      };
      const executor = await waitFor('the pod is there', async () => (await executorsOf('executors'))[0], LIMIT_MS);
      await waitFor(
        'the client has heard the server, and read what it wrote',
        async () => {
          for (const name of await readdir(join(executor.directory, 'tasks')).catch(() => [])) {
            const text = await readFile(join(executor.directory, 'tasks', name, 'stdout'), 'utf8').catch(() => '');
            if (text === 'heard\nwritten\n') return true;
          }
          return undefined;
        },
        LIMIT_MS,
      );
      await writeFile(join(executor.directory, 'shared', 'die'), '');
      await waitFor(
        'the server has ended, too',
        async () => (await executorsOf('completed_executors')).some(({ id }) => id === executor.id),
        LIMIT_MS,
      );
      await platform.call('DELETE', '/v2/pods/pair?force=true');
    },
    2 * LIMIT_MS,
  );

  it(
    'shows the registry the credentials that its secret holds',
    async () => {
      const registry = await SmallRegistry.start({ credentials: { username: 'ann', password: 'of the registry' } });
      try {
        const name = registry.put('private', '1', makeImage({ layers: [busyboxLayer()] }));
        const auth = Buffer.from('ann:of the registry').toString('base64');
        const value = JSON.stringify({ auths: { [registry.host]: { auth } } });
        const path = '/secrets/v1/secret/default/registry/ann';
        expect((await platform.call('PUT', path, { value })).status).toBe(201);
        const secrets = { login: { source: 'registry/ann' } };
        const docker = { image: name, pullConfig: { secret: 'login' } };
        const wrong = await platform.call('POST', '/v2/apps', app('/private', docker, { cmd: 'sleep 1000' }));
        expect([wrong.status, JSON.stringify(wrong.body)]).toEqual([422, expect.stringContaining('pullConfig')]);
        await platform.change('POST', '/v2/apps', app('/private', docker, { cmd: 'sleep 1000', secrets }), LIMIT_MS);
        expect((await platform.tasks('/private'))[0]?.state).toBe('TASK_RUNNING');
        expect(JSON.stringify((await platform.ask('master', '/tasks')).body)).not.toContain(auth);
        await platform.call('DELETE', '/v2/apps/private?force=true');
      } finally {
        await registry.stop();
      }
    },
    LIMIT_MS,
  );

  it(
    'says how far the pull of its image is',
    async () => {
      const told = await heldPull(platform, '/slow', (name) => app('/slow', { image: name }, { cmd: 'sleep 1000' }));
      // Not more than what the registry has let go.
      expect(told).toMatch(/^[1-7]?\d %, \S+ of \S+ MB$/);
      await platform.call('DELETE', '/v2/apps/slow?force=true');
    },
    LIMIT_MS,
  );

  it(
    'says by name why it does not start',
    async () => {
      const answer = await platform.call(
        'POST',
        '/v2/apps',
        app('/missing', { image: 'oci:/no/such/image' }, { cmd: 'true' }),
      );
      expect(answer.status).toBe(201);
      const failure = await waitFor(
        'it has failed',
        async () =>
          (await platform.call('GET', '/v2/apps/missing')).body.app.lastTaskFailure as { message: string } | undefined,
        LIMIT_MS,
      );
      expect(failure.message).toMatch(/^image-not-found: /);
      await platform.call('DELETE', '/v2/apps/missing?force=true');
    },
    LIMIT_MS,
  );
});
