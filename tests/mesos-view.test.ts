/** What Mesos's tools see of a running platform: master and agent in their legacy JSON, with a task that runs. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor, type RunningPlatform, type TaskView } from './support/running-platform.ts';
import { startWithWork } from './support/worked-platform.ts';

const AGENT_ID = /^[0-9a-f-]{36}-S\d+$/;
const FRAMEWORK_ID = /^[0-9a-f-]{36}-\d{4}$/;

describe('with a task that runs', () => {
  let platform: RunningPlatform;
  let task: TaskView;
  let sandbox: string;
  beforeAll(async () => {
    ({ platform, task } = await startWithWork({
      cpus: 0.5,
      mem: 32,
      portDefinitions: [{ port: 0, protocol: 'tcp', name: 'http', labels: { VIP_0: '/web:80' } }],
      labels: { team: 'blue' },
    }));
    sandbox = await platform.sandboxOf(task.id);
  });
  afterAll(async () => {
    await platform.dispose();
  });

  const master = async (path: string) => (await platform.ask('master', path)).body;
  const agent = async (path: string) => (await platform.ask('agent', path)).body;

  describe('the master', () => {
    it('shows the whole cluster in /state, by either name', async () => {
      for (const path of ['/state', '/master/state']) {
        const state = await master(path);
        const { host } = new URL(platform.addresses.master);
        expect(state).toMatchObject({
          version: expect.stringMatching(/^1\.\d+\.\d+$/),
          start_time: expect.any(Number),
          elected_time: expect.any(Number),
          pid: `master@${host}`,
          leader: `master@${host}`,
          leader_info: { hostname: '127.0.0.1', port: Number(new URL(platform.addresses.master).port) },
          activated_slaves: 1,
          deactivated_slaves: 0,
          unreachable_slaves: 0,
          recovered_slaves: [],
          completed_frameworks: [],
          orphan_tasks: [],
          unregistered_frameworks: [],
          flags: expect.any(Object),
        });
        expect(state.start_time).toBeGreaterThan(1_500_000_000);
      }
    });

    it('shows the agent with numbers for scalars and texts for ranges', async () => {
      const [slave] = (await master('/state')).slaves;
      const port = task.ports[0] ?? 0;
      expect(slave).toMatchObject({
        id: expect.stringMatching(AGENT_ID),
        hostname: '127.0.0.1',
        port: Number(new URL(platform.addresses.agent).port),
        pid: `slave(1)@${new URL(platform.addresses.agent).host}`,
        attributes: { rack: 'a', level: 10 },
        registered_time: expect.any(Number),
        resources: { cpus: 8, mem: 8192, disk: 20_000, gpus: 0, ports: expect.stringMatching(/^\[\d+-\d+\]$/) },
        used_resources: { cpus: 0.5, mem: 32, disk: 0, gpus: 0, ports: `[${port}-${port}]` },
        reserved_resources: {},
        active: true,
        deactivated: false,
      });
    });

    it('adds raw resources in /slaves, and finds one by its id', async () => {
      const { slaves, recovered_slaves: recovered } = await master('/slaves');
      expect(recovered).toEqual([]);
      expect(slaves[0].unreserved_resources_full).toEqual(
        expect.arrayContaining([expect.objectContaining({ name: 'cpus', type: 'SCALAR', scalar: { value: 8 } })]),
      );
      expect(slaves[0].used_resources_full).toEqual(
        expect.arrayContaining([expect.objectContaining({ name: 'mem', scalar: { value: 32 } })]),
      );
      expect((await master(`/slaves?slave_id=${slaves[0].id}`)).slaves).toHaveLength(1);
      expect((await master('/slaves?slave_id=nobody')).slaves).toEqual([]);
    });

    it('shows the framework and its tasks in /frameworks', async () => {
      const { frameworks } = await master('/frameworks');
      expect(frameworks).toHaveLength(1);
      expect(frameworks[0]).toMatchObject({
        id: expect.stringMatching(FRAMEWORK_ID),
        name: 'marathon',
        active: true,
        connected: true,
        recovered: false,
        checkpoint: true,
        roles: ['*', 'marathon'],
        used_resources: { cpus: 0.5, mem: 32 },
        unreachable_tasks: [],
      });
      expect(frameworks[0]).not.toHaveProperty('pid');
      expect(frameworks[0].tasks).toHaveLength(1);
      expect(frameworks[0].completed_tasks.map((ended: { state: string }) => ended.state)).toContain('TASK_FAILED');
    });

    it('shows a task with its discovery, labels and one status per state', async () => {
      const { tasks } = await master(`/tasks?task_id=${task.id}`);
      expect(tasks).toHaveLength(1);
      expect(tasks[0]).toMatchObject({
        id: task.id,
        name: 'web.group',
        executor_id: '',
        framework_id: expect.stringMatching(FRAMEWORK_ID),
        slave_id: expect.stringMatching(AGENT_ID),
        state: 'TASK_RUNNING',
        resources: { cpus: 0.5, mem: 32, gpus: 0, disk: 0, ports: `[${task.ports[0] ?? 0}-${task.ports[0] ?? 0}]` },
        role: '*',
        labels: [{ key: 'team', value: 'blue' }],
        discovery: {
          visibility: 'FRAMEWORK',
          name: 'web.group',
          ports: {
            ports: [
              {
                number: task.ports[0],
                name: 'http',
                protocol: 'tcp',
                labels: { labels: [{ key: 'VIP_0', value: '/web:80' }] },
              },
            ],
          },
        },
      });
      expect(tasks[0].statuses.map((status: { state: string }) => status.state)).toEqual([
        'TASK_STARTING',
        'TASK_RUNNING',
      ]);
      expect(tasks[0].statuses[1].container_status.network_infos[0].ip_addresses).toEqual([
        { protocol: 'IPv4', ip_address: '127.0.0.1' },
      ]);
    });

    it('pages through /tasks in either order', async () => {
      const newest = (await master('/tasks?limit=1')).tasks;
      const oldest = (await master('/tasks?limit=1&order=asc')).tasks;
      expect([newest.length, oldest.length]).toEqual([1, 1]);
      expect(oldest[0].id).toBe(task.id);
      expect(newest[0].id).not.toBe(task.id);
      expect((await master('/tasks?limit=1&offset=1')).tasks[0].id).not.toBe(newest[0].id);
    });

    it('has what mesos-dns reads', async () => {
      const state = await master('/master/state');
      expect(state.leader).toMatch(/^[^@]+@[\d.]+:\d+$/);
      for (const slave of state.slaves) {
        expect(slave.pid).toMatch(/^[^@]+@[\d.]+:\d+$/);
        expect(slave.id).toMatch(/-S\d+$/i);
      }
      for (const framework of state.frameworks) {
        if ('pid' in framework) expect(framework.pid).toMatch(/^[^@]+@[\d.]+:\d+$/);
        for (const record of framework.tasks) {
          expect(record).toMatchObject({
            framework_id: framework.id,
            id: expect.any(String),
            name: expect.any(String),
          });
          expect(record.resources.ports).toMatch(/^\[\d+-\d+(, ?\d+-\d+)*\]$/);
        }
      }
    });

    it('answers /health, /version and /metrics/snapshot', async () => {
      expect(await platform.ask('master', '/health')).toMatchObject({ status: 200, body: '' });
      expect(await master('/version')).toMatchObject({ version: expect.any(String), build_user: expect.any(String) });
      const metrics = await master('/metrics/snapshot');
      expect(Object.values(metrics).every((value) => typeof value === 'number')).toBe(true);
      expect(metrics).toMatchObject({
        'master/elected': 1,
        'master/slaves_active': 1,
        'master/slaves_connected': 1,
        'master/frameworks_active': 1,
        'master/tasks_running': 1,
        'master/cpus_total': 8,
        'master/cpus_used': 0.5,
        'master/mem_total': 8192,
      });
      expect(metrics['master/tasks_failed']).toBeGreaterThanOrEqual(1);
      expect(metrics['master/uptime_secs']).toBeGreaterThan(0);
    });
  });

  describe('the agent', () => {
    it('shows where the task runs', async () => {
      const state = await agent('/state');
      expect(state).toMatchObject({
        id: expect.stringMatching(AGENT_ID),
        pid: `slave(1)@${new URL(platform.addresses.agent).host}`,
        hostname: '127.0.0.1',
        resources: { cpus: 8 },
        attributes: { rack: 'a', level: 10 },
        completed_frameworks: [],
        flags: expect.any(Object),
      });
      expect(await agent('/slave(1)/state')).toMatchObject({ id: state.id });
      const [framework] = state.frameworks;
      const executor = framework.executors.find((candidate: { id: string }) => candidate.id === task.id);
      expect(executor).toMatchObject({
        directory: expect.stringContaining(`/executors/${task.id}/runs/${executor.container}`),
        resources: { cpus: 0.5, mem: 32 },
        queued_tasks: [],
        completed_tasks: [],
      });
      expect(executor.tasks).toMatchObject([{ id: task.id, state: 'TASK_RUNNING', executor_id: '' }]);
      expect(framework.completed_executors[0].completed_tasks).toMatchObject([{ state: 'TASK_FAILED' }]);
    });

    it('measures it', async () => {
      const statistics = await waitFor('there are statistics', async () => {
        const body = await agent('/monitor/statistics');
        return Array.isArray(body) && body.find((entry: { executor_id: string }) => entry.executor_id === task.id);
      });
      expect(statistics).toMatchObject({
        framework_id: expect.stringMatching(FRAMEWORK_ID),
        source: task.id,
        statistics: {
          timestamp: expect.any(Number),
          cpus_limit: expect.any(Number),
          cpus_user_time_secs: expect.any(Number),
          cpus_system_time_secs: expect.any(Number),
          mem_rss_bytes: expect.any(Number),
          mem_limit_bytes: expect.any(Number),
        },
      });
      expect(statistics.statistics.mem_rss_bytes).toBeGreaterThan(0);
    });

    it('answers /health, /version and /metrics/snapshot', async () => {
      expect(await platform.ask('agent', '/health')).toMatchObject({ status: 200, body: '' });
      expect(await agent('/version')).toMatchObject({ version: expect.any(String) });
      expect(await agent('/metrics/snapshot')).toMatchObject({ 'slave/registered': 1, 'slave/tasks_running': 1 });
    });
  });

  describe('the sandbox', () => {
    const file = (name: string): string => encodeURIComponent(`${sandbox}/${name}`);

    it('is listed under its real path, its latest run and its virtual one', async () => {
      const [framework] = (await agent('/state')).frameworks;
      const virtual = `/frameworks/${framework.id}/executors/${task.id}/runs/latest`;
      const latest = sandbox.replace(/[^/]+$/, 'latest');
      for (const path of [sandbox, latest, virtual]) {
        const entries = await agent(`/files/browse?path=${encodeURIComponent(path)}`);
        expect(entries.map((entry: { path: string }) => entry.path.split('/').at(-1))).toEqual(['stderr', 'stdout']);
        expect(entries[1]).toEqual({
          path: expect.stringMatching(/\/stdout$/),
          nlink: 1,
          size: 6,
          mtime: expect.any(Number),
          mode: expect.stringMatching(/^-rw/),
          uid: expect.any(String),
          gid: expect.any(String),
        });
      }
      expect(await agent('/files/debug')).toMatchObject({ [sandbox]: sandbox, [virtual]: sandbox });
    });

    it('is read with the semantics of offsets', async () => {
      const read = (rest: string) => agent(`/files/read?path=${file('stdout')}${rest}`);
      expect(await read('')).toEqual({ offset: 6, data: '' });
      expect(await read('&offset=-1')).toEqual({ offset: 6, data: '' });
      expect(await read('&offset=0')).toEqual({ offset: 0, data: 'hello\n' });
      expect(await read('&offset=1&length=3')).toEqual({ offset: 1, data: 'ell' });
      expect(await read('&offset=0&length=0')).toEqual({ offset: 0, data: '' });
      expect(await read('&offset=99')).toEqual({ offset: 99, data: '' });
      for (const rest of ['&offset=-2', '&offset=0&length=-2', '&offset=zero', '&offset=1.5']) {
        expect((await platform.ask('agent', `/files/read?path=${file('stdout')}${rest}`)).status).toBe(400);
      }
      await writeFile(join(sandbox, 'large'), 'x'.repeat(100_000));
      expect((await agent(`/files/read?path=${file('large')}&offset=0`)).data).toHaveLength(65_536);
    });

    it('is downloaded as it is', async () => {
      const answer = await platform.ask('agent', `/files/download?path=${file('stdout')}`);
      expect([answer.status, answer.body]).toEqual([200, 'hello\n']);
      expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename=stdout(;|$)/);
    });

    it('is not to be mistaken', async () => {
      const status = async (path: string) => (await platform.ask('agent', path)).status;
      expect(await status('/files/browse')).toBe(400);
      expect(await status(`/files/browse?path=${file('nothing')}`)).toBe(404);
      expect(await status(`/files/read?path=${file('nothing')}&offset=0`)).toBe(404);
      expect(await status(`/files/read?path=${encodeURIComponent(sandbox)}&offset=0`)).toBe(400);
      expect(await status(`/files/download?path=${encodeURIComponent(sandbox)}`)).toBe(400);
    });

    it('cannot be left', async () => {
      const outside = join(platform.folder, 'secret');
      await writeFile(outside, 'secret');
      await symlink(outside, join(sandbox, 'link'));
      await symlink('/etc', join(sandbox, 'etc'));
      await mkdir(`${sandbox}-beside`);
      await writeFile(join(`${sandbox}-beside`, 'file'), 'secret');
      await symlink(`${sandbox}-beside`, join(sandbox, 'beside'));
      const up = '../'.repeat(sandbox.split('/').length + 3);
      const climbing = [
        `${sandbox}/${up}etc/passwd`,
        `${sandbox}/link`,
        `${sandbox}/etc/passwd`,
        `${sandbox}/beside/file`,
        `${sandbox}-beside/file`,
        `${sandbox}/stdout\0`,
        `${sandbox}\0/../../../../etc/passwd`,
        '/etc/passwd',
        '../../../etc/passwd',
        `${sandbox}/..`,
        `${sandbox}/./../../..`,
        '',
        '/',
      ];
      for (const path of climbing) {
        for (const route of ['read?offset=0&', 'download?', 'browse?']) {
          for (const encoded of [encodeURIComponent(path), encodeURIComponent(path).replaceAll('.', '%2e')]) {
            const { status, text } = await rawGet(`${platform.addresses.agent}/files/${route}path=${encoded}`);
            expect([400, 403, 404]).toContain(status);
            expect(text).not.toMatch(/root:|secret"/);
          }
        }
      }
      const doubly = encodeURIComponent(encodeURIComponent(`${sandbox}/../../../etc/passwd`));
      expect((await rawGet(`${platform.addresses.agent}/files/read?offset=0&path=${doubly}`)).status).toBe(404);
      expect((await platform.ask('agent', '/health')).status).toBe(200);
    });
  });
});

/** A GET whose path nobody tidies up on the way. */
function rawGet(url: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const path = url.slice(url.indexOf('/', 'http://'.length));
    request({ hostname, port, path }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
    })
      .on('error', reject)
      .end();
  });
}
