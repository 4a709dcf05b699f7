/** `stadion edge`: only the edge runs here, for orchestrators that run elsewhere (Stadion's, or a Marathon). */
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PlatformError, describeError } from '@stadion/base';
import type { ServerConfig } from '@stadion/contract';
import { hostnameOf } from '../addresses.ts';
import { remoteSecrets } from '../agent-secrets.ts';
import { startEdge } from '../build-edge.ts';
import { assertListenable, loadAccess } from '../listen-address.ts';
import { openLog } from '../logging.ts';
import { removePidFile, writePidFile } from '../pid-file.ts';
import { makeDataDirectory, writeAddresses, type Platform } from '../running-role.ts';
import { systemPorts } from '../system-ports.ts';
import { Undoing } from '../undoing.ts';

/**
 * Starts the edge; resolves once it listens, whether or not an orchestrator is reached.
 * @throws PlatformError `flag-invalid` and what starting throws
 */
export async function startEdgeRole(config: ServerConfig, remark: (text: string) => void): Promise<Platform> {
  const orchestrators = orchestratorsOf(config);
  const masters = mastersOf(config);
  assertListenable(config);
  const addressesFile = config.addressesFile === undefined ? undefined : resolve(config.addressesFile);
  if (addressesFile !== undefined) await rm(addressesFile, { force: true });
  const dataDirectory = resolve(config.dataDir);
  await makeDataDirectory(dataDirectory);
  const ports = systemPorts();
  const log = await openLog(join(dataDirectory, 'log'), config.logLevel, ports.time);
  const undoing = new Undoing();
  undoing.addNow(() => {
    log.close();
  });
  try {
    const { secret, access, tls } = await loadAccess(config, ports, log.logger, undoing);
    const hostname = hostnameOf(config);
    const logger = log.logger.child({ room: 'edge' });
    const secrets = remoteSecrets({ masters: () => masters, secret, tls, timers: ports.time });
    const addresses = await startEdge(
      {
        ...{ config, ports, dataDirectory, hostname, secret, access, tls, log: logger, orchestrators, remark },
        ...{ secrets, secretsAreRemote: true },
        // A secret that was made here is nobody's there.
        shownSecret: config.secretFile === undefined ? undefined : secret,
      },
      undoing,
    );
    undoing.add(() => removePidFile(dataDirectory, 'edge'));
    await writePidFile(dataDirectory, 'edge', addresses);
    if (addressesFile !== undefined) await writeAddresses(addressesFile, addresses);
    return {
      addresses,
      dataDirectory,
      logPath: log.path,
      failed: new Promise(() => undefined),
      stop: () => undoing.run(log.logger),
    };
  } catch (error) {
    log.logger.error({ error: describeError(error) }, 'the edge did not start');
    await undoing.run(log.logger);
    throw error;
  }
}

/** The masters that secrets are asked for. */
function mastersOf({ server, edgeCertificateSecrets, secretFile }: ServerConfig): readonly string[] {
  const masters = urlsOf(server ?? '', '--server', 'http://10.0.0.1:5050');
  if (edgeCertificateSecrets !== undefined && (masters.length === 0 || secretFile === undefined)) {
    const message =
      '--edge-certificate-secrets asks the masters of the cluster: say where they are (--server URL) and show its secret (--secret-file).';
    throw new PlatformError('flag-invalid', message);
  }
  return masters;
}

function orchestratorsOf({ marathon, edge, edgeRoutes }: ServerConfig): readonly string[] {
  if (edge === 'off') {
    throw new PlatformError('flag-invalid', 'An edge that is off does nothing: leave out --edge off.');
  }
  const all = urlsOf(marathon ?? '', '--marathon', 'http://10.0.0.1:8080');
  if (all.length === 0 && edgeRoutes === undefined) {
    const message =
      'Say what the edge is for: --marathon http://HOST:8080 (Stadion or Marathon), or --edge-routes FILE.';
    throw new PlatformError('flag-invalid', message);
  }
  return all;
}

/** @throws PlatformError `flag-invalid` */
function urlsOf(list: string, flag: string, example: string): readonly string[] {
  const urls = list.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]));
  const all = urls.map((url) => (/^https?:\/\//.test(url) ? url : `http://${url}`).replace(/\/+$/, ''));
  const wrong = all.find((url) => !URL.canParse(url));
  if (wrong === undefined) return all;
  throw new PlatformError('flag-invalid', `${flag} cannot be read: '${wrong}' is not an address such as ${example}.`);
}
