import { beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '../exit-codes.ts';
import { FakePlatform } from '../testing/fake-platform.ts';
import { run } from '../testing/run.ts';
import { VERSION } from '../testing/samples.ts';

const SPEC = {
  id: '/pod',
  labels: {},
  version: VERSION,
  containers: [{ name: 'web', resources: { cpus: 1, mem: 128, disk: 0, gpus: 0 } }],
  networks: [{ mode: 'host' }],
  scaling: { kind: 'fixed', instances: 2 },
  role: '*',
};
const INSTANCE = {
  id: 'pod.instance-1',
  status: 'STABLE',
  statusSince: VERSION,
  agentHostname: 'n1',
  containers: [
    {
      name: 'web',
      status: 'TASK_RUNNING',
      endpoints: [{ name: 'http', allocatedHostPort: 31_000 }],
      resources: SPEC.containers[0]?.resources,
    },
  ],
};
const STATUS = { id: '/pod', spec: SPEC, status: 'DEGRADED', statusSince: VERSION, instances: [INSTANCE] };
const RECORDS = [
  { id: 'd-2', version: '2026-02-02T00:00:00.000Z', affectedApps: ['/pod'] },
  { id: 'd-1', version: VERSION, affectedApps: ['/pod'] },
];
let platform: FakePlatform;

beforeEach(() => {
  platform = new FakePlatform();
  platform.handlers.set('listPodStatuses', () => ({ body: [STATUS] }));
  platform.handlers.set('listPods', () => ({ body: [SPEC] }));
  platform.handlers.set('listPodVersions', () => ({ body: [VERSION] }));
  platform.handlers.set('listDeploymentRecords', () => ({ body: RECORDS }));
  platform.handlers.set('getPodStatus', ({ params }) =>
    params['id'] === 'pod' ? { body: STATUS } : { status: 404, body: { message: 'no such pod' } },
  );
  for (const route of ['createPod', 'putPod'] as const) platform.handlers.set(route, () => ({ body: SPEC }));
  platform.handlers.set('deletePod', () => ({ status: 202, body: null }));
  platform.handlers.set('killPodInstances', ({ body }) => ({
    body: (body as string[]).includes(INSTANCE.id) ? [{ instanceId: INSTANCE.id }] : [],
  }));
});

/** The last request that changes something. */
function sent(): unknown {
  const { route, params, body, query } =
    platform.requests.findLast(({ route: name }) => !/^(list|get)/.test(name)) ?? {};
  return { route, params, body, force: query?.get('force') };
}

describe('pods', () => {
  it.each([
    [['pod', 'list'], /^POD +READY +STATE +CONTAINERS +CHANGED\n\/pod +1\/2 +degraded +web +\S+\n$/],
    [['pod', 'list', '-q'], /^\/pod\n$/],
    [['pod', 'show', 'pod'], /pod\.instance-1 +web +running +http:31000/],
    [['pod', 'instances', '/pod'], /pod\.instance-1 +stable +n1/],
    [['pod', 'instances', '/pod', '-q'], /^pod\.instance-1\n$/],
    [['pod', 'versions', 'pod'], /2026-01-01T00:00:00\.000Z +\S+ +current/],
    [['__complete', 'pod', 'show', '/p'], /^\/pod\n$/],
  ])('%j shows them', async (words, expected) => {
    const result = await run(platform, words);
    expect(result.code).toBe(EXIT.ok);
    expect(result.stdout).toMatch(expected);
  });

  it('are JSON for programs', async () => {
    expect(JSON.parse((await run(platform, ['pod', 'show', 'pod', '-o', 'json'])).stdout)).toEqual(STATUS);
  });

  it.each([
    [['pod', 'add', 'pod.yaml', '-d'], { route: 'createPod', body: { id: '/pod' } }, 'd-1'],
    [
      ['pod', 'update', 'pod', 'nameless.json', '-d', '--force'],
      { route: 'putPod', params: { id: 'pod' }, force: 'true' },
      'd-1',
    ],
    [
      ['pod', 'scale', 'pod', '5', '-d'],
      { route: 'putPod', body: { scaling: { kind: 'fixed', instances: 5 } } },
      'd-1',
    ],
    [['pod', 'remove', 'pod', '-d'], { route: 'deletePod', params: { id: 'pod' } }, 'd-2'],
  ])('%j says what it means, and which deployment it is', async (words, request, deployment) => {
    const files = { 'pod.yaml': 'id: /pod\ncontainers: [{ name: web }]\n', 'nameless.json': '{"containers":[]}' };
    const result = await run(platform, words, { files });
    expect(result.code, result.stderr).toBe(EXIT.ok);
    expect(sent()).toMatchObject(request);
    expect(result.stdout).toContain(deployment);
  });

  it('lose instances by name, and say so when there is none', async () => {
    expect((await run(platform, ['pod', 'kill', 'pod', INSTANCE.id, '-q'])).stdout).toBe(`${INSTANCE.id}\n`);
    expect(sent()).toMatchObject({ route: 'killPodInstances', body: [INSTANCE.id] });
    const none = await run(platform, ['pod', 'kill', 'pod', 'other']);
    expect(none.code).toBe(EXIT.error);
    expect(none.stderr).toContain('stadion pod instances /pod');
  });

  it('that do not exist are guessed, and files that are none refused', async () => {
    const wrong = await run(platform, ['pod', 'show', 'bod']);
    expect(wrong.code).toBe(EXIT.error);
    expect(wrong.stderr).toContain('/pod');
    expect((await run(platform, ['pod', 'add', 'a.json'], { files: { 'a.json': '[]' } })).code).toBe(EXIT.usage);
  });
});
