/** What Marathon's own performance tests and its users' complaints are about: many apps, many writers, many readers. */
import { Worker } from 'node:worker_threads';
import { silentLogger } from '@stadion/base';
import { SystemRandom, systemClock } from '@stadion/base/system';
import { createOrchestratorHttp } from '@stadion/orchestrator';
import { sampleApp } from '@stadion/simulator';
import { startControlPlane, systemTime, until, type ControlPlane } from './control-plane.ts';
import { quantile, report, type Figure } from './figures.ts';

const POSTS = 1_000;
const READERS = 1_000;
const EVENTS = 50;
const APPS = 10_000;
const INSTANCES_EACH = 10;
const APPS_PER_CHANGE = 1_000;

/** Runs in a worker: posts many apps at once; or opens many event streams and notes when each event has come. */
const CLIENT = `
const http = require('node:http');
const { parentPort, workerData } = require('node:worker_threads');
const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });
function post(index) {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({ id: '/posted/app-' + index, cmd: 'sleep 1000', cpus: 0.01, mem: 1, portDefinitions: [] });
    const request = http.request(workerData.url + '/v2/apps', { method: 'POST', agent }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
    });
    request.on('error', reject);
    request.end(body);
  });
}
function read(lags) {
  return new Promise((resolve, reject) => {
    const request = http.get(workerData.url + '/v2/events?event_type=api_post_event', { headers: { accept: 'text/event-stream' } }, (response) => {
      response.setEncoding('utf8');
      response.on('data', (text) => {
        const now = Date.now();
        for (const match of text.matchAll(/"uri":"(\\d+)"/g)) lags.push(now - Number(match[1]));
      });
      resolve(request);
    });
    request.on('error', reject);
  });
}
(async () => {
  if (workerData.posts > 0) {
    const statuses = await Promise.all(Array.from({ length: workerData.posts }, (_, index) => post(index)));
    parentPort.postMessage({ landed: statuses.filter((status) => status === 201).length });
    return;
  }
  const lags = [];
  for (let index = 0; index < workerData.readers; index += 1) await read(lags);
  parentPort.on('message', () => parentPort.postMessage({ lags }));
  parentPort.postMessage({ ready: true });
})().catch((error) => { throw error; });
`;

/** `npm run bench scale` */
export async function benchScale(): Promise<boolean> {
  const figures = [...(await deployments()), ...(await writersAndReaders()), ...(await everything())];
  return report('scale: store on disk, simulated agents', figures);
}

async function deployments(): Promise<Figure[]> {
  const plane = await startControlPlane(200, 64);
  const oneApp = await timed(plane, [{ id: '/one/app', instances: 1_000 }]);
  const ids = Array.from({ length: 1_000 }, (_, index) => ({ id: `/group/app-${String(index)}`, instances: 1 }));
  const group = await timed(plane, ids);
  await plane.stop();
  return [
    { what: '1 app of 1,000 instances, deployed', value: oneApp, unit: 's', wanted: { relation: '≤', bound: 2 } },
    { what: 'a group of 1,000 apps, deployed', value: group, unit: 's', wanted: { relation: '≤', bound: 5 } },
    { what: "the same on Marathon, by its authors' expectation (worst case)", value: 200, unit: 's' },
  ];
}

async function writersAndReaders(): Promise<Figure[]> {
  const plane = await startControlPlane(200, 64);
  const http = createOrchestratorHttp(plane.engine, {
    time: systemTime,
    random: new SystemRandom(),
    log: silentLogger,
    leader: () => '127.0.0.1:8080',
    ready: () => true,
  });
  const url = await http.listen({ host: '127.0.0.1', port: 0 });
  const startedAt = systemClock.monotonic();
  const poster = new Worker(CLIENT, { eval: true, workerData: { url, posts: POSTS, readers: 0 } });
  const { landed } = await answer<{ landed: number }>(poster);
  const postedMs = systemClock.monotonic() - startedAt;
  await until(() => plane.engine.view.deployments().length === 0);
  const reader = new Worker(CLIENT, { eval: true, workerData: { url, posts: 0, readers: READERS } });
  await answer(reader);
  const [appDefinition] = plane.engine.view.root.apps();
  for (let index = 0; index < EVENTS && appDefinition !== undefined; index += 1) {
    const uri = String(systemClock.now());
    plane.engine.events.publish({ eventType: 'api_post_event', timestamp: uri, clientIp: '', uri, appDefinition });
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  reader.postMessage('lags?');
  const { lags } = await answer<{ lags: number[] }>(reader);
  await reader.terminate();
  await http.close();
  await plane.stop();
  return [
    {
      what: '1,000 parallel POSTs: how many landed',
      value: landed,
      unit: 'apps',
      wanted: { relation: '≥', bound: POSTS },
    },
    { what: '1,000 parallel POSTs: until the last was answered', value: postedMs, unit: 'ms' },
    {
      what: '1,000 event readers: events that came',
      value: lags.length,
      unit: 'events',
      wanted: { relation: '≥', bound: READERS * EVENTS },
    },
    {
      what: '1,000 event readers: an event reaches them, p99',
      value: quantile(lags, 0.99),
      unit: 'ms',
      wanted: { relation: '≤', bound: 100 },
    },
  ];
}

async function everything(): Promise<Figure[]> {
  const plane = await startControlPlane(2_000, 64);
  for (let first = 0; first < APPS; first += APPS_PER_CHANGE) {
    const apps = Array.from({ length: APPS_PER_CHANGE }, (_, index) => {
      return { id: `/all/group-${String(first)}/app-${String(index)}`, instances: INSTANCES_EACH };
    });
    await timed(plane, apps);
  }
  const startMs = await plane.restartEngine();
  const known = [...plane.engine.view.root.apps()].reduce(
    (sum, { id }) => sum + plane.engine.view.instances(id).length,
    0,
  );
  await plane.stop();
  return [
    {
      what: '10,000 apps: instances known after a start',
      value: known,
      unit: '',
      wanted: { relation: '≥', bound: APPS * INSTANCES_EACH },
    },
    {
      what: '10,000 apps, 100,000 instances: start from the store',
      value: startMs / 1_000,
      unit: 's',
      wanted: { relation: '≤', bound: 5 },
    },
  ];
}

/** Deploys apps in one change and waits until all is up; seconds. */
async function timed(
  plane: ControlPlane,
  apps: readonly { readonly id: string; readonly instances: number }[],
): Promise<number> {
  const startedAt = systemClock.monotonic();
  const outcome = await plane.engine.changeRoot(
    (_root, version) => ({
      ok: true,
      value: {
        upserts: apps.map(({ id, instances }) => ({ ...sampleApp(id, version, 'one'), instances, cpus: 0.01, mem: 1 })),
        removals: [],
      },
    }),
    { force: false },
  );
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.rejection)}`);
  await until(() => plane.engine.view.deployments().length === 0);
  return (systemClock.monotonic() - startedAt) / 1_000;
}

function answer<Value>(worker: Worker): Promise<Value> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
