/** Has `fetch` show this machine's certificate, and trust the cluster's authorities beside those of the public web. */
import type { buildConnector } from 'undici';
import { trusted, type NodeTls } from './node-tls.ts';

/**
 * From now on, in the whole process: what fetches there is our own parts, and artifacts of tasks. Each new connection shows
 * what holds by then; those that are kept open go on. Who has no TLS does not even load what it takes.
 */
export async function showToOthers(tls: NodeTls): Promise<void> {
  const { Agent, buildConnector, setGlobalDispatcher } = await import('undici');
  const connectorOf = (): buildConnector.connector => {
    const material = tls.material();
    return buildConnector({ ...material, ca: trusted(material) });
  };
  let connect = connectorOf();
  tls.onChange(() => {
    connect = connectorOf();
  });
  setGlobalDispatcher(new Agent({ connect: (options, callback) => connect(options, callback) }));
}
