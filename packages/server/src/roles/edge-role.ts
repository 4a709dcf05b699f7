/** `stadion edge`: only the edge runs here, for orchestrators that run elsewhere (Stadion's, or a Marathon). */
import { PlatformError } from '@stadion/base';
import type { ServerConfig } from '@stadion/contract';
import { remoteSecrets } from '../agent-secrets.ts';
import { startEdge } from '../build-edge.ts';
import type { Platform } from '../running-role.ts';
import { startRole } from '../start-role.ts';

/**
 * Starts the edge; resolves once it listens, whether or not an orchestrator is reached.
 * @throws PlatformError `flag-invalid` and what starting throws
 */
export async function startEdgeRole(config: ServerConfig, remark: (text: string) => void): Promise<Platform> {
  const orchestrators = orchestratorsOf(config);
  const masters = mastersOf(config);
  return startRole(config, { name: 'the edge', pidFile: 'edge' }, async (parts) => {
    const { ports, dataDirectory, hostname, undoing, secret, access, tls } = parts;
    const log = parts.logger.child({ room: 'edge' });
    const secrets = remoteSecrets({ masters: () => masters, secret, tls, timers: ports.time });
    const addresses = await startEdge(
      {
        ...{ config, ports, dataDirectory, hostname, secret, access, tls, log, orchestrators, remark },
        ...{ secrets, secretsAreRemote: true },
        // A secret that was made here is nobody's there.
        shownSecret: config.secretFile === undefined ? undefined : secret,
      },
      undoing,
    );
    return { addresses };
  });
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
