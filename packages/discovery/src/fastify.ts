/**
 * What Ranger's Dropwizard bundle is for Java, for Fastify: the service registers when it listens, has a health endpoint
 * and the tasks `ranger-oor` and `ranger-bir`, lists its instances, and goes politely.
 */
import type { FastifyInstance } from 'fastify';
import { PlatformError } from '@stadion/base';
import type { Hub } from './hub.ts';
import { Provider, type ProviderOptions } from './provider.ts';

/**
 * What a service says of itself. Host and port are what Marathon gives: `HOST`, and `PORT_<containerPort>` or `PORT0`; where
 * that is 0, for any that is free, it is the port on which the service came to listen.
 */
export interface BundleOptions extends Omit<ProviderOptions, 'host' | 'port'> {
  readonly host?: string;
  readonly port?: number;
  /** Where operators call; default: the service's own port. */
  readonly admin?: FastifyInstance;
  /** Knows the nodes for `/instances`. */
  readonly hub?: Hub;
  /** What `/instances` answers instead. */
  readonly instances?: () => unknown;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * Adds the bundle. Registers once the service listens; closing the service drains first, then takes the node away.
 * @param containerPort the port that `PORT_<containerPort>` is asked for
 * @throws PlatformError `published-address-missing`
 */
export function addDiscovery(app: FastifyInstance, options: BundleOptions, containerPort?: number): Provider {
  const { admin = app, hub, instances, environment = process.env, ...rest } = options;
  const host = options.host ?? environment.HOST;
  const port = options.port ?? portOf(environment, containerPort);
  if (host === undefined || host === '' || port === undefined) {
    const message = 'Under which address is this service reached? Set HOST and PORT0, or give host and port.';
    throw new PlatformError('published-address-missing', message);
  }
  const provider = new Provider({
    portScheme: app.initialConfig.https === undefined || app.initialConfig.https === false ? 'http' : 'https',
    ...rest,
    host,
    port: port === 0 ? () => listeningPort(app) : port,
    // Where Ranger has it from.
    shard: { region: environment.FARM_ID ?? null, ...rest.shard },
  });
  app.addHook('onListen', () => {
    provider.start();
  });
  app.addHook('preClose', async () => {
    await provider.stop();
  });
  app.get('/instances', async () => {
    if (instances !== undefined) return await instances();
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
    const rotation = { healthy: true, rotation: wordOf(provider.isInRotation) };
    return reply.code(isHealthy ? 200 : 500).send({ service: { healthy: isHealthy, message: condition }, rotation });
  });
  for (const [name, isInRotation] of [['oor', false] as const, ['bir', true] as const]) {
    for (const path of [`/tasks/ranger-${name}`, `/tasks/${name}`]) {
      admin.post(path, (_request, reply) => {
        provider.setRotation(isInRotation);
        return reply.send({ rotation: wordOf(isInRotation) });
      });
    }
  }
  return provider;
}

function wordOf(isInRotation: boolean): string {
  return isInRotation ? 'in' : 'out';
}

function portOf(environment: Readonly<Record<string, string | undefined>>, containerPort: number | undefined) {
  const text =
    (containerPort === undefined ? undefined : environment[`PORT_${String(containerPort)}`]) ?? environment.PORT0;
  const port = Number(text);
  return text !== undefined && Number.isInteger(port) && port >= 0 && port < 65_536 ? port : undefined;
}

function listeningPort({ server }: FastifyInstance): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
