/** The process: reads the environment, opens the application port and the admin port, and stops politely. */
import { addDiscovery } from '@stadion/discovery/fastify';
import Fastify from 'fastify';
import { addAdminRoutes, addApplicationRoutes, createService } from './service.js';

/** No route here has a schema: what Fastify would compile them with takes longer to load than everything else. */
const WITHOUT_SCHEMAS = { compilersFactory: { buildValidator: noSchema, buildSerializer: noSchema } };
/** How long running requests may take to finish once the service is told to stop. */
const STOP_DEADLINE_MS = 3000;

const settings = {
  // An image sets the first of each: inside a container $HOST and $PORT0 are the machine's.
  listenAddress: process.env.LISTEN_ADDRESS ?? process.env.HOST ?? '127.0.0.1',
  applicationPort: portFrom(process.env.APPLICATION_PORT === undefined ? 'PORT0' : 'APPLICATION_PORT', 8080),
  adminPort: portFrom(process.env.ADMIN_PORT === undefined ? 'PORT1' : 'ADMIN_PORT', 8081),
  host: process.env.HOST ?? '127.0.0.1',
  taskId: process.env.MESOS_TASK_ID ?? `local-${process.pid}`,
  appId: process.env.MARATHON_APP_ID ?? '/demo',
  appVersion: process.env.MARATHON_APP_VERSION ?? 'local',
  orchestrator: (process.env.STADION_ORCHESTRATOR ?? 'http://127.0.0.1:8080').replace(/\/+$/, ''),
  // Where it registers, and how: without the first it is announced nowhere.
  place: { connectString: process.env.ZK_CONNECTION_STRING, namespace: 'demo', service: 'demo' },
};
const service = createService(settings);
let isStopping = false;
const application = server('application');
const admin = server('admin');
const provider = addDiscovery(
  application,
  {
    ...settings.place,
    shard: { environment: 'dev' },
    host: settings.host,
    admin,
    instances: () => service.instances(provider.address),
    // A service without $PORT0 listens on its usual port.
    environment: { PORT0: String(settings.applicationPort), ...process.env },
  },
  settings.applicationPort,
);
addApplicationRoutes(application, service);
addAdminRoutes(admin, service, provider);
await listen(admin, 'admin', settings.adminPort);
await listen(application, 'application', settings.applicationPort);
// Port 0 was a wish for any free one.
settings.applicationPort = application.server.address().port;
settings.adminPort = admin.server.address().port;
log(`started ${settings.taskId} of ${settings.appId}`);
process.once('SIGTERM', stop);
process.once('SIGINT', stop);

function portFrom(variable, fallback) {
  const text = process.env[variable] ?? String(fallback);
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  return fail(`${variable} is ${JSON.stringify(text)}: set it to a port, 0 to 65535.`);
}

/** One of the two ports: answers in JSON that people can read, says what it does not have, counts and logs. */
function server(name) {
  const app = Fastify({ schemaController: WITHOUT_SCHEMAS });
  const methods = new Map();
  app.addHook('onRoute', ({ url, method }) => {
    if (method !== 'HEAD') methods.set(url, [...(methods.get(url) ?? []), method]);
  });
  app.setReplySerializer((body) => `${JSON.stringify(body, null, 2)}\n`);
  app.addContentTypeParser('*', (_request, body, done) => {
    body.resume();
    done(null);
  });
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
  app.addHook('onSend', async (_request, reply) => {
    if (isStopping) reply.header('connection', 'close');
  });
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request);
    const allowed = methods.get(path)?.join(', ');
    if (allowed === undefined) return reply.code(404).send({ message: `There is no ${path} here.` });
    return reply
      .code(405)
      .header('allow', allowed)
      .send({ message: `${path} takes ${allowed} only.` });
  });
  app.setErrorHandler((error, request, reply) => {
    log(`failed ${name} ${request.method} ${pathOf(request)}: ${error.stack}`);
    return reply.code(500).send({ message: 'The service failed; its log says more.' });
  });
  app.addHook('onResponse', async (request, reply) => {
    const path = pathOf(request);
    service.count(name, methods.has(path) ? path : 'other', reply.statusCode);
    const line = `${name} ${request.method} ${path} ${reply.statusCode} ${reply.elapsedTime.toFixed(1)}ms`;
    log(`request ${line}`);
  });
  return app;
}

function noSchema() {
  throw new Error('There is nothing to compile schemas with.');
}

function pathOf({ url }) {
  return url.split('?')[0];
}

/** Listens where it is told to; where that is no address of this machine (inside a container), on all addresses. */
async function listen(app, name, port) {
  let host = settings.listenAddress;
  const tried = () =>
    app.listen({ host, port }).then(
      () => undefined,
      (error) => error,
    );
  let error = await tried();
  if (error?.code === 'EADDRNOTAVAIL' || error?.code === 'ENOTFOUND') {
    host = '0.0.0.0';
    error = await tried();
  }
  if (error?.code === 'EADDRINUSE') {
    fail(`Port ${port} on ${host} is in use. Stop what uses it, or set another ${name} port.`);
  }
  if (error !== undefined) fail(`Cannot listen on ${host}:${port} (${error.code ?? error.message}).`);
  log(`listening ${name} http://${host}:${app.server.address().port}`);
}

/** Out of everybody's view first, then no new connections; requests under way are finished, up to the deadline. */
async function stop(signal) {
  isStopping = true;
  await provider.stop();
  const servers = [application.server, admin.server];
  const ended = servers.map((one) => new Promise((resolve) => one.close(resolve)));
  log(`stopping on ${signal}`);
  setTimeout(() => servers.forEach((one) => one.closeAllConnections()), STOP_DEADLINE_MS).unref();
  await Promise.all(ended);
  await Promise.all([application.close(), admin.close(), service.close()]);
  log('stopped');
  // A host name may still be being looked up, which nothing can end.
  process.exit(0);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function log(text) {
  process.stdout.write(`${new Date().toISOString()} ${text}\n`);
}
