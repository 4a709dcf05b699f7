/** How the parts of a cluster ask each other by `fetch`, and nobody else: everybody else is shown and believed nothing of ours. */
import { authorizationOf, type Secret } from '@stadion/access';
import type { Fetch } from '@stadion/contract/client';
import type { buildConnector, Dispatcher } from 'undici';
import { trusted, type NodeTls } from './node-tls.ts';

/**
 * Shows the cluster's secret and this machine's certificate, and believes the cluster's authorities. Each request shows the
 * secret, and each new connection the certificate, that holds by then. Who has no TLS does not even load what it takes.
 */
export function clusterFetch({
  secret,
  tls,
}: {
  readonly secret: Secret | undefined;
  readonly tls: NodeTls | undefined;
}): Fetch {
  return async (url, init) => {
    const headers = new Headers(init?.headers);
    if (secret !== undefined) headers.set('authorization', authorizationOf(secret));
    // Node's own `fetch` takes it, though its types are those of another release.
    const by: object = tls === undefined ? {} : { dispatcher: await dispatcherOf(tls) };
    return fetch(url, { ...init, headers, ...by });
  };
}

const dispatchers = new WeakMap<NodeTls, Promise<Dispatcher>>();

/** One for all of this machine's, so that they share connections. */
function dispatcherOf(tls: NodeTls): Promise<Dispatcher> {
  const known = dispatchers.get(tls) ?? makeDispatcher(tls);
  dispatchers.set(tls, known);
  return known;
}

async function makeDispatcher(tls: NodeTls): Promise<Dispatcher> {
  const { Agent, buildConnector: connectorWith } = await import('undici');
  const connectorOf = (): buildConnector.connector => {
    const material = tls.material();
    return connectorWith({ ...material, ca: trusted(material) });
  };
  let connect = connectorOf();
  tls.onChange(() => {
    connect = connectorOf();
  });
  return new Agent({ connect: (options, callback) => connect(options, callback) });
}
