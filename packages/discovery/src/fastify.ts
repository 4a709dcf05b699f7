/**
 * What Ranger's Dropwizard bundle is for Java, for Fastify: the service registers when it listens, has a health endpoint
 * and the tasks `ranger-oor` and `ranger-bir`, lists its instances, and goes politely.
 */
import type { FastifyInstance } from 'fastify';
import { PlatformError } from '@stadion/base';
import type { HealthCheck } from './health-monitor.ts';
import type { Hub } from './hub.ts';
import { Provider, type ProviderOptions } from './provider.ts';

/** What a service says of itself. Host and port are what Marathon gives: `HOST`, and `PORT_<containerPort>` or `PORT0`. */
export interface BundleOptions extends Omit<ProviderOptions, 'host' | 'port' | 'checks'> {
  readonly host?: string;
  readonly port?: number;
  readonly checks?: readonly HealthCheck[];
  /** Where operators call; default: the service's own port. */
  readonly admin?: FastifyInstance;
  /** For `/instances`. */
  readonly hub?: Hub;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * Adds the bundle. Registers once the service listens; closing the service drains first, then takes the node away.
 * @param containerPort the port that `PORT_<containerPort>` is asked for
 * @throws PlatformError `published-address-missing`
 */
export function addDiscovery(app: FastifyInstance, options: BundleOptions, containerPort?: number): Provider {
  const { admin = app, hub, environment = process.env, ...rest } = options;
  const host = options.host ?? environment.HOST;
  const port = options.port ?? portOf(environment, containerPort);
  if (host === undefined || host === '' || port === undefined) {
    const message = 'Under which address is this service reached? Set HOST and PORT0, or give host and port.';
    throw new PlatformError('published-address-missing', message);
  }
  const provider = new Provider({ ...rest, host, port });
  app.addHook('onListen', () => {
    provider.start();
  });
  app.addHook('preClose', async () => {
    await provider.stop();
  });
  app.get('/instances', async () => {
    if (hub === undefined) return [];
    const { ready, pool } = hub.service(options.service);
    // The first time that somebody asks, it is only beginning to look.
    await ready;
    return pool.nodes();
  });
  admin.get('/healthcheck', (_request, reply) => {
    const { condition } = provider;
    // Out of rotation is no illness: who takes an instance out of rotation does not want it replaced.
    const isHealthy = condition === 'healthy' || condition === 'out of rotation';
    return reply.code(isHealthy ? 200 : 500).send({ service: { healthy: isHealthy, message: condition } });
  });
  for (const [name, isInRotation] of [['oor', false] as const, ['bir', true] as const]) {
    for (const path of [`/tasks/ranger-${name}`, `/tasks/${name}`]) {
      admin.post(path, (_request, reply) => {
        provider.setRotation(isInRotation);
        return reply.send({ rotation: isInRotation ? 'in' : 'out' });
      });
    }
  }
  return provider;
}

function portOf(environment: Readonly<Record<string, string | undefined>>, containerPort: number | undefined) {
  const text =
    (containerPort === undefined ? undefined : environment[`PORT_${String(containerPort)}`]) ?? environment.PORT0;
  const port = Number(text);
  return text !== undefined && Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}
