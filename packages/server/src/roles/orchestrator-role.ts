/** `stadion orchestrator --master URL`: apps alone, as a framework of a master that somebody else runs, over HTTP. */
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ownUser } from '@stadion/agent';
import { PlatformError, describeError } from '@stadion/base';
import type { ServerConfig } from '@stadion/contract';
import { createEngine } from '@stadion/orchestrator';
import { hostnameOf, urlOf } from '../addresses.ts';
import { chooseFreePorts } from '../free-ports.ts';
import { assertListenable, loadAccess } from '../listen-address.ts';
import { openLog } from '../logging.ts';
import { openAudit, openOrchestratorApi } from '../open-apis.ts';
import { openStore } from '../open-store.ts';
import { makeDataDirectory, writeAddresses, type Platform } from '../running-role.ts';
import { removePidFile, writePidFile } from '../pid-file.ts';
import { httpSchedulerConnection } from '../scheduler-link/http-scheduler-connection.ts';
import { systemPorts } from '../system-ports.ts';
import { Undoing } from '../undoing.ts';
import { findFrameworkMasters } from './framework-masters.ts';

/**
 * Starts the orchestrator; resolves once its API answers. It subscribes as soon as a master can be reached.
 * @throws PlatformError `master-missing`, `flag-invalid` and what starting throws
 */
export async function startOrchestrator(wanted: ServerConfig): Promise<Platform> {
  assertListenable(wanted);
  const addressesFile = wanted.addressesFile === undefined ? undefined : resolve(wanted.addressesFile);
  if (addressesFile !== undefined) await rm(addressesFile, { force: true });
  const [orchestratorPort = wanted.orchestratorPort] = await chooseFreePorts(wanted.bindAddress, [
    wanted.orchestratorPort,
  ]);
  const config = { ...wanted, orchestratorPort };
  const ports = systemPorts();
  const dataDirectory = resolve(config.dataDir);
  await makeDataDirectory(dataDirectory);
  const log = await openLog(join(dataDirectory, 'log'), config.logLevel, ports.time);
  const { logger } = log;
  const undoing = new Undoing();
  undoing.addNow(() => {
    log.close();
  });
  try {
    const hostname = hostnameOf(config);
    const { secret, access, tls } = await loadAccess(config, ports, logger, undoing);
    const masters = findFrameworkMasters(config, ports, logger, undoing);
    // Where the stream of events is: whoever asks about the cluster is answered by the same one.
    let current: string | undefined;
    const store = await openStore(config, dataDirectory, ports.time, logger.child({ room: 'store' }));
    undoing.add(() => store.close());
    const leadership = await store.campaign(hostname);
    let fail: (reason: unknown) => void = () => undefined;
    const failed = new Promise<unknown>((resolveFailed) => {
      fail = resolveFailed;
    });
    void leadership.lost.then(() => {
      fail(new PlatformError('leadership-lost', 'Another instance has taken over the state.'));
    });
    const engine = createEngine({
      store,
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
        webuiUrl: urlOf({ address: config.bindAddress, port: orchestratorPort }),
      },
      onFatal: fail,
    });
    undoing.add(() => engine.stop());
    await engine.start();
    let abdicate: () => void = () => undefined;
    const abdicated = new Promise<void>((resolveAbdicated) => {
      abdicate = resolveAbdicated;
    });
    const options = { config, secret, access, tls, ports, log: logger, abdicate, logLevels: log.levels };
    const orchestrator = await openOrchestratorApi(
      options,
      engine,
      { master: () => current ?? masters()[0], audit: openAudit(options) },
      (close) => {
        undoing.add(close);
      },
    );
    const addresses = { orchestrator };
    undoing.add(() => removePidFile(dataDirectory, 'platform'));
    await writePidFile(dataDirectory, 'platform', addresses);
    if (addressesFile !== undefined) await writeAddresses(addressesFile, addresses);
    return {
      addresses,
      dataDirectory,
      logPath: log.path,
      failed,
      abdicated,
      async stop() {
        await leadership.resign();
        await undoing.run(logger);
      },
    };
  } catch (error) {
    logger.error({ error: describeError(error) }, 'the orchestrator did not start');
    await undoing.run(logger);
    throw error;
  }
}
