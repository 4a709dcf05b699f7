/**
 * A service that registers itself in ZooKeeper by the Fastify bundle of `@stadion/discovery`, as a Dropwizard service does
 * by Ranger's: announced under `/demo/demo/<HOST>:<PORT0>` while it is well, out of rotation on request, gone when it ends.
 */
import { Hub } from '@stadion/discovery';
import { addDiscovery } from '@stadion/discovery/fastify';
import { zooKeeperSource } from '@stadion/discovery/zookeeper';
import Fastify from 'fastify';

const {
  HOST: host = '127.0.0.1',
  PORT0 = '8080',
  PORT1 = '8081',
  ZK_CONNECTION_STRING = '127.0.0.1:2181',
} = process.env;
const place = { connectString: ZK_CONNECTION_STRING, namespace: 'demo' };
const hub = new Hub({ source: zooKeeperSource(place) });
const application = Fastify({ forceCloseConnections: true });
const admin = Fastify({ forceCloseConnections: true });

addDiscovery(application, {
  ...place,
  service: 'demo',
  shard: { environment: 'dev' },
  host,
  port: Number(PORT0),
  admin,
  hub,
});
application.get('/hello', () => ({ message: 'Hello people!!' }));
admin.get('/ping', () => 'pong\n');

await admin.listen({ host, port: Number(PORT1) });
await application.listen({ host, port: Number(PORT0) });

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, async () => {
    // Takes the node away first, so that nobody calls a port that is closed.
    await application.close();
    await Promise.all([hub.close(), admin.close()]);
  });
}
