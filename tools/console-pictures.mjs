/**
 * Takes the pictures of the console that README and guide show, of a platform started for them: `npm run pictures`.
 * Look at them before you commit them. It needs Chromium and takes about two minutes.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { root } from './rooms.mjs';

const IMAGES = join(root, 'docs/guides/images');
const READY_MS_MAX = 60_000;
/** So long there is traffic before pictures are taken, for curves and rates. */
const TRAFFIC_MS = 60_000;

const folder = await mkdtemp(join(tmpdir(), 'stadion-pictures-'));
const addressesFile = join(folder, 'addresses.json');
const parts = ['orchestrator', 'master', 'agent', 'dns', 'dns-http', 'edge-http', 'edge-https', 'edge-admin'];
const flags = [
  ...['--data-dir', join(folder, 'data'), '--addresses-file', addressesFile, '--cluster-name', 'Lab Berlin'],
  ...parts.flatMap((part) => [`--${part}-port`, '0']),
  ...['--resources', 'cpus:8;mem:8192;disk:20000;ports:[27000-27999]'],
];
const platform = spawn(process.execPath, [join(root, 'packages/cli/bin/stadion.js'), 'up', ...flags], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
const ended = new Promise((resolve) => platform.once('exit', resolve));

try {
  const addresses = JSON.parse(
    await until('the platform is ready', () => readFile(addressesFile, 'utf8').catch(() => undefined)),
  );
  await describeShop(addresses.orchestrator);
  const stopTraffic = visit(new URL(addresses.edgeHttp));
  await delay(TRAFFIC_MS);
  await takePictures(addresses.orchestrator);
  stopTraffic();
} finally {
  // Ends the tasks too.
  platform.kill('SIGUSR2');
  await ended;
  await rm(folder, { recursive: true, force: true });
}

/**
 * A few apps: one with a canary that waits to be judged, one that finds no place, one that keeps data.
 * @param {string} api
 */
async function describeShop(api) {
  const demo = JSON.parse(await readFile(join(root, 'examples/demo-app.json'), 'utf8'));
  const service = {
    ...demo,
    cpus: 0.2,
    mem: 64,
    env: { ...demo.env, DEMO_SERVICE: join(root, 'examples/demo-service') },
  };
  const labels = { team: 'shop', tier: 'front', 'traefik.enable': 'true', 'traefik.portIndex': '0' };
  const upgradeStrategy = { canary: { instances: 1 }, minimumHealthCapacity: 0.5, maximumOverCapacity: 0.5 };
  const log =
    'i=0; while true; do i=$((i+1)); echo "$(date -u +%FT%T.%3NZ) INFO query $i took $((i*37%90)) ms"; ' +
    '[ $((i%9)) = 0 ] && echo "$(date -u +%FT%T.%3NZ) ERROR shard $((i%4)) answers late" && echo "    retried once"; sleep 0.7; done';
  const volumes = [{ containerPath: 'data', mode: 'RW', persistent: { size: 512 } }];
  const plain = { cpus: 0.2, mem: 64 };
  const web = { ...service, id: '/shop/web', instances: 4, labels, upgradeStrategy };
  for (const app of [
    web,
    { id: '/shop/search', cmd: log, instances: 3, labels: { team: 'shop' }, ...plain },
    { id: '/mail/outbox', cmd: 'while true; do date; sleep 5; done', instances: 2, labels: { team: 'mail' }, ...plain },
    { id: '/data/store', cmd: 'sleep 100000', instances: 2, container: { type: 'MESOS', volumes }, ...plain },
    { id: '/data/warehouse', cmd: 'sleep 100000', instances: 2, cpus: 64, mem: 256 },
  ]) {
    await change(api, 'POST', '/v2/apps', app);
  }
  await until('the web serves', async () => (await appOf(api, '/shop/web')).tasksHealthy === 4 || undefined);
  await until(
    'nothing is deployed there',
    async () => (await appOf(api, '/shop/web')).deployments.length === 0 || undefined,
  );
  await change(api, 'PUT', '/v2/apps/shop/web', { env: { ...web.env, GREETING: 'Welcome' } });
}

/** @param {string} api */
async function takePictures(api) {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
  const { tasks } = await appOf(api, '/shop/search');
  for (const [name, path] of [
    ['overview', '/'],
    ['app', '/app/shop/web'],
    ['instance', `/instance/${tasks[0]?.id}`],
    ['logs', '/app/shop/search?tab=logs&q=error%20shard%20%5B12%5D&regex=yes&context=2'],
  ]) {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: 'light' });
    await page.goto(`${api}${path ?? ''}`);
    // Charts of usage have a point each two seconds.
    await delay(name === 'instance' ? 30_000 : 3_000);
    await page.screenshot({ path: join(IMAGES, `console-${name}.png`) });
    await page.close();
  }
  await browser.close();
}

/**
 * Requests from outside.
 * @param {URL} edge
 * @returns stops
 */
function visit({ hostname, port }) {
  const timer = setInterval(() => {
    const visitor = request({ hostname, port, headers: { host: 'shop-web.localhost' } }, (answer) => answer.resume());
    visitor.on('error', () => undefined).end();
  }, 40);
  return () => clearInterval(timer);
}

/**
 * @param {string} api
 * @param {string} id
 * @returns {Promise<{ tasks: { id: string }[], deployments: unknown[], tasksHealthy: number }>}
 */
async function appOf(api, id) {
  const embed = ['app.counts', 'app.tasks', 'app.deployments'].map((name) => `embed=${name}`).join('&');
  const answer = /** @type {{ app: Awaited<ReturnType<typeof appOf>> }} */ (
    await (await fetch(`${api}/v2/apps${id}?${embed}`)).json()
  );
  return answer.app;
}

/**
 * @param {string} api
 * @param {string} method
 * @param {string} path
 * @param {object} body
 */
async function change(api, method, path, body) {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(api + path, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
}

/**
 * Waits until something is there.
 * @template Found
 * @param {string} what
 * @param {() => Promise<Found | undefined>} look
 * @returns {Promise<Found>}
 */
async function until(what, look) {
  const end = Date.now() + READY_MS_MAX;
  while (Date.now() < end) {
    const found = await look();
    if (found !== undefined) return found;
    await delay(200);
  }
  throw new Error(`Waited in vain until ${what}`);
}
