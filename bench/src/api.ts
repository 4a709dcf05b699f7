/** The API with 10,000 apps: lists, single apps and writes over a socket, asked from a thread of its own. */
import { Worker } from 'node:worker_threads';
import { SystemRandom, systemClock } from '@stadion/base/system';
import { silentLogger } from '@stadion/base';
import { createOrchestratorHttp } from '@stadion/orchestrator';
import { sampleApp } from '@stadion/simulator';
import { startControlPlane, systemTime, until } from './control-plane.ts';
import { quantile, report } from './figures.ts';

const APPS = 10_000;
const LIST_ROUNDS = 40;
const SINGLE_ROUNDS = 400;
const WRITE_ROUNDS = 200;

interface Timings {
  readonly list: number[];
  readonly single: number[];
  readonly write: number[];
  readonly listBytes: number;
}

/** Runs in the worker: plain HTTP, bodies read but not parsed. */
const CLIENT = `
const http = require('node:http');
const { parentPort, workerData } = require('node:worker_threads');
const agent = new http.Agent({ keepAlive: true });
function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const request = http.request(workerData.url + path, { method, agent, headers: { 'content-type': 'application/json' } }, (response) => {
      let bytes = 0;
      response.on('data', (chunk) => (bytes += chunk.length));
      response.on('end', () => response.statusCode < 300 ? resolve({ ms: performance.now() - startedAt, bytes }) : reject(new Error(method + ' ' + path + ' answered ' + response.statusCode)));
    });
    request.on('error', reject);
    request.end(body);
  });
}
(async () => {
  const timings = { list: [], single: [], write: [], listBytes: 0 };
  await call('GET', '/v2/apps');
  for (let round = 0; round < workerData.listRounds; round += 1) {
    const { ms, bytes } = await call('GET', '/v2/apps');
    timings.list.push(ms);
    timings.listBytes = bytes;
  }
  for (let round = 0; round < workerData.singleRounds; round += 1)
    timings.single.push((await call('GET', '/v2/apps/load/app-' + ((round * 37) % workerData.apps))).ms);
  for (let round = 0; round < workerData.writeRounds; round += 1)
    timings.write.push((await call('PUT', '/v2/apps/load/app-' + ((round * 53) % workerData.apps), JSON.stringify({ labels: { round: String(round) } }))).ms);
  parentPort.postMessage(timings);
})().catch((error) => { throw error; });
`;

/** `npm run bench api` */
export async function benchApi(): Promise<boolean> {
  const plane = await startControlPlane(500, 64);
  const batch = 500;
  for (let first = 0; first < APPS; first += batch) {
    const outcome = await plane.engine.changeRoot(
      (_root, version) => ({
        ok: true,
        value: {
          upserts: Array.from({ length: batch }, (_, index) => ({
            ...sampleApp(`/load/app-${first + index}`, version, 'one'),
            cpus: 0.01,
          })),
          removals: [],
        },
      }),
      { force: false },
    );
    if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.rejection)}`);
    await until(() => plane.engine.view.deployments().length === 0);
  }
  const http = createOrchestratorHttp(plane.engine, {
    time: systemTime,
    random: new SystemRandom(),
    log: silentLogger,
    leader: () => '127.0.0.1:8080',
    ready: () => true,
  });
  const url = await http.listen({ host: '127.0.0.1', port: 0 });
  let last = systemClock.monotonic();
  let longestBlockMs = 0;
  const watch = setInterval(() => {
    const now = systemClock.monotonic();
    longestBlockMs = Math.max(longestBlockMs, now - last - 5);
    last = now;
  }, 5);
  const timings = await new Promise<Timings>((resolve, reject) => {
    const worker = new Worker(CLIENT, {
      eval: true,
      workerData: { url, apps: APPS, listRounds: LIST_ROUNDS, singleRounds: SINGLE_ROUNDS, writeRounds: WRITE_ROUNDS },
    });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  clearInterval(watch);
  await http.close();
  await plane.stop();
  return report(
    `API with ${APPS} apps of one running instance each, ${(timings.listBytes / 2 ** 20).toFixed(1)} MiB a list`,
    [
      { what: 'GET /v2/apps, p50', value: quantile(timings.list, 0.5), unit: 'ms' },
      {
        what: 'GET /v2/apps, p99',
        value: quantile(timings.list, 0.99),
        unit: 'ms',
        wanted: { relation: '≤', bound: 250 },
      },
      {
        what: 'GET /v2/apps/{id}, p99',
        value: quantile(timings.single, 0.99),
        unit: 'ms',
        wanted: { relation: '≤', bound: 10 },
      },
      {
        what: 'PUT /v2/apps/{id}, p99',
        value: quantile(timings.write, 0.99),
        unit: 'ms',
        wanted: { relation: '≤', bound: 100 },
      },
      {
        what: 'longest time the event loop was held',
        value: longestBlockMs,
        unit: 'ms',
        wanted: { relation: '≤', bound: 50 },
      },
    ],
  );
}
