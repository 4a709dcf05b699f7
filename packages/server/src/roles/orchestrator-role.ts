/** `stadion orchestrator --master URL`: apps alone, as a framework of a master that somebody else runs, over HTTP. */
import { ownUser } from '@stadion/agent';
import type { ServerConfig } from '@stadion/contract';
import { createEngine } from '@stadion/orchestrator';
import { urlOf } from '../addresses.ts';
import { chooseFreePorts } from '../free-ports.ts';
import { openAudit, openOrchestratorApi } from '../open-apis.ts';
import type { Platform } from '../running-role.ts';
import { leadAlone } from '../sole-leadership.ts';
import { startRole } from '../start-role.ts';
import { findFrameworkMasters } from './framework-masters.ts';
import { httpSchedulerConnection } from '../scheduler-link/http-scheduler-connection.ts';

/**
 * Starts the orchestrator; resolves once its API answers. It subscribes as soon as a master can be reached.
 * @throws PlatformError `master-missing`, `flag-invalid` and what starting throws
 */
export async function startOrchestrator(wanted: ServerConfig): Promise<Platform> {
  return startRole(wanted, { name: 'the orchestrator', pidFile: 'platform' }, async (parts) => {
    const { ports, hostname, logger, undoing, secret, access, tls } = parts;
    const { bindAddress } = wanted;
    const [orchestratorPort = wanted.orchestratorPort] = await chooseFreePorts(bindAddress, [wanted.orchestratorPort]);
    const config = { ...wanted, orchestratorPort };
    const masters = findFrameworkMasters(config, ports, logger, undoing);
    // Where the stream of events is: whoever asks about the cluster is answered by the same one.
    let current: string | undefined;
    const leadership = await leadAlone(config, parts);
    const engine = createEngine({
      store: leadership.store,
      epoch: leadership.epoch,
      connection: httpSchedulerConnection({
        masters,
        onMaster: (url) => {
          current = url;
        },
        secret,
        tls,
        time: ports.time,
        log: logger.child({ room: 'scheduler-link' }),
      }),
      clock: ports.time,
      timers: ports.time,
      random: ports.random.stream('orchestrator'),
      log: logger.child({ room: 'orchestrator' }),
      config: {
        hostname,
        user: ownUser().name,
        drainMs: config.drainSeconds * 1000,
        webuiUrl: urlOf({ address: bindAddress, port: orchestratorPort }),
      },
      onFatal: leadership.fail,
    });
    undoing.add(() => engine.stop());
    await engine.start();
    const { levels: logLevels } = parts.ownLog;
    const options = { config, secret, access, tls, ports, log: logger, abdicate: leadership.abdicate, logLevels };
    const beside = { master: () => current ?? masters()[0], audit: openAudit(options) };
    const orchestrator = await openOrchestratorApi(options, engine, beside, (close) => {
      undoing.add(close);
    });
    return { addresses: { orchestrator }, ...leadership.ends, beforeStop: () => leadership.resign() };
  });
}
