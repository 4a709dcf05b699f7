/** What the service answers beside what the bundle of `@stadion/discovery` brings. */
import { readFileSync } from 'node:fs';

const VERSION = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')).version;
const ORCHESTRATOR_TIMEOUT_MS = 2000;
const ZOOKEEPER_TIMEOUT_MS = 2000;

/** The state that both ports share. */
export function createService(settings) {
  const requests = new Map();
  let hub;
  return {
    settings,
    requests,
    count(port, path, status) {
      const labels = `port="${port}",path="${path}",status="${status}"`;
      requests.set(labels, (requests.get(labels) ?? 0) + 1);
    },
    /** @param address its own, as it is announced */
    instances: (address) => instances(settings, address, async () => (hub ??= await openHub(settings))),
    close: async () => hub?.close(),
  };
}

/** The port for users; `/instances` comes with the bundle. */
export function addApplicationRoutes(app, service) {
  app.get('/', (_request, reply) => reply.type('text/html; charset=utf-8').send(page(service)));
  app.get('/hello', () => greeting(service));
}

/** The port for operators and health checks; `/healthcheck` and the tasks `oor` and `bir` come with the bundle. */
export function addAdminRoutes(app, service, provider) {
  app.get('/ping', () => 'pong\n');
  app.get('/metrics', (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(metrics(service, provider)),
  );
  app.get('/rotation', (_request, reply) =>
    reply.code(provider.isInRotation ? 200 : 503).send({ rotation: provider.isInRotation ? 'in' : 'out' }),
  );
}

function greeting({ settings }) {
  return {
    message: `Hello from ${settings.taskId} on ${settings.host}:${settings.applicationPort}`,
    host: settings.host,
    port: settings.applicationPort,
    instance: settings.taskId,
    app: settings.appId,
    version: VERSION,
    deployment: settings.appVersion,
  };
}

/** Who else runs, as the orchestrator has it, or else ZooKeeper; alone, it names itself and says why nobody else. */
async function instances(settings, address, hub) {
  const url = `${settings.orchestrator}/v2/apps/${settings.appId.replace(/^\/+/, '')}/tasks`;
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(ORCHESTRATOR_TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    const { tasks } = await response.json();
    return { app: settings.appId, source: url, instances: tasks.map((task) => instance(task, settings.taskId)) };
  } catch (error) {
    const reason = error.cause?.code ?? error.message;
    const note = `The orchestrator at ${settings.orchestrator} could not be asked (${reason})`;
    const nodes = await nodesInZooKeeper(settings, hub);
    if (nodes.length > 0) {
      const source = `ZooKeeper at ${settings.place.connectString}`;
      const others = nodes.map((node) => instanceAt(node, address, settings.taskId));
      return { app: settings.appId, source, note: `${note}.`, instances: others };
    }
    const { host, applicationPort, adminPort, taskId } = settings;
    return {
      app: settings.appId,
      source: 'this instance alone',
      note: `${note}: only this instance is listed.`,
      instances: [
        {
          id: taskId,
          address: `${host}:${applicationPort}`,
          ports: [applicationPort, adminPort],
          health: 'unknown',
          self: true,
        },
      ],
    };
  }
}

/** Looked for only when somebody asks: most of the time nobody does. */
async function openHub({ place: { connectString, namespace } }) {
  const { Hub } = await import('@stadion/discovery');
  const { zooKeeperSource } = await import('@stadion/discovery/zookeeper');
  return new Hub({ source: zooKeeperSource({ connectString, namespace }), firstMs: ZOOKEEPER_TIMEOUT_MS });
}

async function nodesInZooKeeper({ place }, hub) {
  if (place.connectString === undefined) return [];
  const { ready, pool } = (await hub()).service(place.service);
  await ready;
  return pool.nodes();
}

function instanceAt({ host, port, healthcheckStatus }, ownAddress, ownId) {
  const address = `${host}:${port}`;
  const self = address === ownAddress;
  return { id: self ? ownId : address, address, ports: [port], health: healthcheckStatus, self };
}

function instance(task, ownId) {
  const results = task.healthCheckResults ?? [];
  const health = results.length === 0 ? 'unknown' : results.every(({ alive }) => alive) ? 'healthy' : 'unhealthy';
  return {
    id: task.id,
    address: `${task.host}:${task.ports?.[0]}`,
    ports: task.ports ?? [],
    state: task.state,
    health,
    self: task.id === ownId,
  };
}

/** Prometheus text format 0.0.4. */
function metrics(service, provider) {
  const { rss, heapUsed } = process.memoryUsage();
  return [
    '# HELP demo_requests_total Answered requests.',
    '# TYPE demo_requests_total counter',
    ...[...service.requests].map(([labels, count]) => `demo_requests_total{${labels}} ${count}`),
    '# HELP demo_in_rotation 1 while this instance wants traffic.',
    '# TYPE demo_in_rotation gauge',
    `demo_in_rotation ${provider.isInRotation ? 1 : 0}`,
    '# HELP process_uptime_seconds Seconds since the process started.',
    '# TYPE process_uptime_seconds gauge',
    `process_uptime_seconds ${process.uptime().toFixed(3)}`,
    '# HELP process_resident_memory_bytes Memory held, as the system counts it.',
    '# TYPE process_resident_memory_bytes gauge',
    `process_resident_memory_bytes ${rss}`,
    '# HELP nodejs_heap_used_bytes JavaScript heap in use.',
    '# TYPE nodejs_heap_used_bytes gauge',
    `nodejs_heap_used_bytes ${heapUsed}`,
    '',
  ].join('\n');
}

function page({ settings }) {
  const id = escapeHtml(settings.taskId);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Demo service</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem; color-scheme: light dark; }
  table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid #8884; }
  code { overflow-wrap: anywhere; } .self { font-weight: 600; } #note { color: #b45309; }
</style>
<h1>Hello</h1>
<p>This is <code>${id}</code> of <code>${escapeHtml(settings.appId)}</code>
on <code>${escapeHtml(settings.host)}:${settings.applicationPort}</code>, version ${escapeHtml(VERSION)}.
Its admin port is ${settings.adminPort}.</p>
<h2>Instances</h2>
<table><thead><tr><th>Address<th>Health<th>Instance</thead><tbody id="instances"></tbody></table>
<p id="note"></p>
<p>As JSON: <a href="/hello">/hello</a>, <a href="/instances">/instances</a></p>
<script>
  const rows = document.getElementById('instances');
  async function refresh() {
    try {
      const { instances, note } = await (await fetch('/instances')).json();
      rows.replaceChildren(...instances.map(({ address, health, id, self }) => {
        const row = document.createElement('tr');
        row.className = self ? 'self' : '';
        row.append(...[address, health, id].map((text) => Object.assign(document.createElement('td'), { textContent: text })));
        return row;
      }));
      document.getElementById('note').textContent = note ?? '';
    } catch {
      document.getElementById('note').textContent = 'This instance has gone; reload to find another.';
    }
  }
  refresh();
  setInterval(refresh, 2000);
</script>
</html>
`;
}

function escapeHtml(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
