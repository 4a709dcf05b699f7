/** The process: reads the environment, opens the application port and the admin port, and stops politely. */
import { createServer } from 'node:http';
import { adminRoutes, applicationRoutes, createService } from './service.js';

/** How long running requests may take to finish once the service is told to stop. */
const STOP_DEADLINE_MS = 3000;

const settings = {
  // An image sets the first of each: inside a container $HOST and $PORT0 are the machine's.
  host: process.env.LISTEN_ADDRESS ?? process.env.HOST ?? '127.0.0.1',
  applicationPort: portFrom(process.env.APPLICATION_PORT === undefined ? 'PORT0' : 'APPLICATION_PORT', 8080),
  adminPort: portFrom(process.env.ADMIN_PORT === undefined ? 'PORT1' : 'ADMIN_PORT', 8081),
  taskId: process.env.MESOS_TASK_ID ?? `local-${process.pid}`,
  appId: process.env.MARATHON_APP_ID ?? '/demo',
  appVersion: process.env.MARATHON_APP_VERSION ?? 'local',
  orchestrator: (process.env.STADION_ORCHESTRATOR ?? 'http://127.0.0.1:8080').replace(/\/+$/, ''),
};
const service = createService(settings);
const application = await open('application', settings.applicationPort, applicationRoutes(service));
const admin = await open('admin', settings.adminPort, adminRoutes(service));
const servers = [application, admin];
// Port 0 was a wish for any free one.
settings.applicationPort = application.address().port;
settings.adminPort = admin.address().port;
service.isStarted = true;
log(`started ${settings.taskId} of ${settings.appId}`);
process.once('SIGTERM', stop);
process.once('SIGINT', stop);

function portFrom(variable, fallback) {
  const text = process.env[variable] ?? String(fallback);
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  return fail(`${variable} is ${JSON.stringify(text)}: set it to a port, 0 to 65535.`);
}

/** Listens on $HOST; where that is no address of this machine (inside a container), on all addresses. */
async function open(name, port, routes) {
  const server = createServer((request, response) => {
    void answer(name, routes, request, response);
  });
  let host = settings.host;
  let error = await listen(server, port, host);
  if (error?.code === 'EADDRNOTAVAIL' || error?.code === 'ENOTFOUND') {
    host = '0.0.0.0';
    error = await listen(server, port, host);
  }
  if (error?.code === 'EADDRINUSE') {
    fail(`Port ${port} on ${host} is in use. Stop what uses it, or set another ${name} port.`);
  }
  if (error !== undefined) fail(`Cannot listen on ${host}:${port} (${error.code ?? error.message}).`);
  log(`listening ${name} http://${host}:${server.address().port}`);
  return server;
}

function listen(server, port, host) {
  return new Promise((resolve) => {
    server.once('error', resolve);
    server.listen(port, host, () => {
      server.off('error', resolve);
      resolve(undefined);
    });
  });
}

async function answer(name, routes, request, response) {
  const begin = performance.now();
  const [path] = request.url.split('?');
  const methods = routes[path];
  const route = methods?.[request.method === 'HEAD' ? 'GET' : request.method];
  let result;
  if (methods === undefined) result = { status: 404, body: { message: `There is no ${path} here.` } };
  else if (route === undefined) {
    const allowed = Object.keys(methods).join(', ');
    result = { status: 405, headers: { allow: allowed }, body: { message: `${path} takes ${allowed} only.` } };
  } else {
    try {
      result = await route();
    } catch (error) {
      log(`failed ${name} ${request.method} ${path}: ${error.stack}`);
      result = { status: 500, body: { message: 'The service failed; its log says more.' } };
    }
  }
  request.resume();
  const isText = typeof result.body === 'string';
  response.writeHead(result.status, {
    'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json',
    'cache-control': 'no-store',
    ...(service.isStopping ? { connection: 'close' } : {}),
    ...result.headers,
  });
  response.end(
    request.method === 'HEAD' ? undefined : isText ? result.body : `${JSON.stringify(result.body, null, 2)}\n`,
  );
  service.count(name, methods === undefined ? 'other' : path, result.status);
  log(`request ${name} ${request.method} ${path} ${result.status} ${(performance.now() - begin).toFixed(1)}ms`);
}

/** Out of rotation first, then no new connections; requests under way are finished, up to the deadline. */
function stop(signal) {
  log(`stopping on ${signal}`);
  service.isStopping = true;
  service.isInRotation = false;
  const closed = servers.map(
    (server) =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeIdleConnections();
      }),
  );
  setTimeout(() => servers.forEach((server) => server.closeAllConnections()), STOP_DEADLINE_MS).unref();
  void Promise.all(closed).then(() => {
    log('stopped');
    process.exitCode = 0;
  });
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function log(text) {
  process.stdout.write(`${new Date().toISOString()} ${text}\n`);
}
