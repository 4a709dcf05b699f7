/** What well-known tools of Mesos ask of a master and an agent, and what they make of the answers, as in their sources. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AGENT_METRICS, MASTER_METRICS } from './support/exporter-metrics.ts';
import { waitFor, type RunningPlatform, type TaskView } from './support/running-platform.ts';
import { startWithWork } from './support/worked-platform.ts';

let platform: RunningPlatform;
let task: TaskView;

beforeAll(async () => {
  ({ platform, task } = await startWithWork());
});
afterAll(async () => {
  await platform.dispose();
});

const master = async (path: string) => (await platform.ask('master', path)).body;
const agent = async (path: string) => (await platform.ask('agent', path)).body;

describe('exporters', () => {
  it('find every number of a master that they insist on', async () => {
    // Telegraf says how long it waits.
    const metrics = await master('/metrics/snapshot?timeout=100ms');
    expect(MASTER_METRICS.filter((name) => typeof metrics[name] !== 'number')).toEqual([]);
    expect(metrics['allocator/mesos/allocation_run_ms/count']).toBeGreaterThan(0);
    expect(metrics['allocator/mesos/allocation_run_ms/max']).toBeGreaterThan(0);
    const latency = metrics['allocator/mesos/allocation_run_latency_ms/max'];
    expect(latency).toBeGreaterThanOrEqual(metrics['allocator/mesos/allocation_run_ms/max']);
    // The agent was admitted.
    expect(metrics['registrar/state_store_ms/count']).toBe(1);
  });

  it('find every number of an agent', async () => {
    const metrics = await agent('/metrics/snapshot');
    expect(AGENT_METRICS.filter((name) => typeof metrics[name] !== 'number')).toEqual([]);
    expect(metrics).toMatchObject({ 'slave/executors_running': 1, 'slave/executors_terminated': 1 });
  });

  it('learn from the agent who its master is', async () => {
    const { hostname, port } = new URL(platform.addresses.agent);
    expect(await agent('/state')).toMatchObject({
      flags: { hostname, ip: hostname, port, attributes: 'rack:a;level:10' },
      master_hostname: '127.0.0.1',
      build_user: expect.any(String),
    });
  });
});

describe('the log', () => {
  it.each(['master', 'agent'] as const)(
    'of the %s is paged from its end, as Mesos’s pages and dcos do',
    async (which) => {
      const path = which === 'master' ? '/master/log' : '/slave/log';
      const { body: state } = await platform.ask(which, '/state');
      expect(state.log_dir).toBe(join(platform.dataDirectory, 'log'));
      const read = async (query: string) => (await platform.ask(which, `/files/read.json?path=${path}${query}`)).body;
      const { offset: end } = await read('&offset=-1');
      expect(end).toBeGreaterThan(0);
      const { data } = await read(`&offset=${String(Math.max(0, end - 50_000))}&length=50000`);
      expect(data).toContain('"msg":"the platform is ready"');
      expect((await platform.ask(which, '/files/debug')).body).toMatchObject({
        [path]: `${state.log_dir}/stadion.log`,
      });
    },
  );
});

describe('the files of a task', () => {
  it('are found below the work directory, as mesos-term does', async () => {
    const { flags } = await agent('/state');
    const [{ tasks }] = (await master('/state')).frameworks;
    const { id, slave_id, framework_id, statuses } = tasks.find((each: { id: string }) => each.id === task.id);
    const [running] = statuses.filter((status: { state: string }) => status.state === 'TASK_RUNNING');
    const run = `frameworks/${framework_id}/executors/${id}/runs/${running.container_status.container_id.value}`;
    const path = `${flags.work_dir}/slaves/${slave_id}/${run}`;
    expect(path).toBe(await platform.sandboxOf(task.id));
    expect((await platform.ask('agent', `/files/browse?path=${encodeURIComponent(path)}`)).status).toBe(200);
  });

  it('are found by the type of its executor, as the pages of Mesos do', async () => {
    const containers = ['one', 'two'].map((name) => {
      const exec = { command: { shell: `echo I am ${name}; exec sleep 1000` } };
      return { name, exec, resources: { cpus: 0.01, mem: 16 } };
    });
    await platform.change('POST', '/v2/pods', { id: '/pod', containers });
    const { frameworks } = await agent('/state');
    const seen: string[] = [];
    for (const { type, directory, tasks } of frameworks[0].executors) {
      for (const { id } of tasks) {
        const path = type === 'DEFAULT' ? `${directory}/tasks/${id}` : directory;
        const found = await agent(`/files/read?path=${encodeURIComponent(`${path}/stdout`)}&offset=0`);
        seen.push(found.data);
      }
    }
    expect(seen.sort()).toEqual(['I am one\n', 'I am two\n', 'hello\n']);
    // They look up what each executor uses by its id.
    const lines = await waitFor('all are measured', async () => {
      const all = await agent('/monitor/statistics');
      return all.length === 2 && all;
    });
    const idsOf = (all: { id: string }[]) => all.map(({ id }) => id).sort();
    expect(lines.map((line: { executor_id: string }) => line.executor_id).sort()).toEqual(
      idsOf(frameworks[0].executors),
    );
    await platform.change('DELETE', '/v2/pods/pod');
  });
});
