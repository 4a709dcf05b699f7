/** What is the same for every role: its folder, its log, who may come in, its files for others, and its end. */
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describeError, type Logger } from '@stadion/base';
import type { ServerConfig } from '@stadion/contract';
import { hostnameOf } from './addresses.ts';
import { assertListenable, loadAccess, type LoadedAccess } from './listen-address.ts';
import { openLog, type PlatformLog } from './logging.ts';
import { removePidFile, writePidFile, type PidFileOwner } from './pid-file.ts';
import { makeDataDirectory, writeAddresses, type Platform } from './running-role.ts';
import { systemPorts, type SystemPorts } from './system-ports.ts';
import { Undoing } from './undoing.ts';

/** Which role it is. */
interface RoleNames {
  /** As the log calls it: `the server`. */
  readonly name: string;
  /** Whose file in the data directory says where it is. */
  readonly pidFile: PidFileOwner;
}

/** What a role is started with. */
export interface RoleParts extends LoadedAccess {
  readonly ports: SystemPorts;
  readonly dataDirectory: string;
  /** How others reach this machine. */
  readonly hostname: string;
  readonly logger: Logger;
  /** The log itself, for those who may read it and change how much it tells. */
  readonly ownLog: Omit<PlatformLog, 'close'>;
  /** Takes whatever has to be stopped again; run in reverse when the role stops or does not come up. */
  readonly undoing: Undoing;
}

/** What a role gives once it runs. Left out: `failed` never resolves, and nothing is done before everything is undone. */
export interface StartedRole extends Omit<Platform, 'dataDirectory' | 'logPath' | 'failed' | 'stop'> {
  readonly failed?: Promise<unknown>;
  readonly beforeStop?: Platform['stop'];
}

/**
 * Starts a role; resolves once `start` has.
 * @throws PlatformError what starting throws, with everything that was already started stopped again
 */
export async function startRole(
  config: ServerConfig,
  { name, pidFile }: RoleNames,
  start: (parts: RoleParts) => Promise<StartedRole>,
): Promise<Platform> {
  assertListenable(config);
  // Whoever waits for this file must not find that of an earlier platform.
  const addressesFile = config.addressesFile === undefined ? undefined : resolve(config.addressesFile);
  if (addressesFile !== undefined) await rm(addressesFile, { force: true });
  const dataDirectory = resolve(config.dataDir);
  await makeDataDirectory(dataDirectory);
  const ports = systemPorts();
  const log = await openLog(join(dataDirectory, 'log'), config.logLevel, ports.time);
  const { logger } = log;
  const undoing = new Undoing();
  undoing.addNow(() => {
    log.close();
  });
  try {
    const access = await loadAccess(config, ports, logger, undoing);
    const hostname = hostnameOf(config);
    const started = await start({ ...access, ports, dataDirectory, hostname, logger, ownLog: log, undoing });
    const { beforeStop, failed = new Promise(() => undefined), ...facts } = started;
    undoing.add(() => removePidFile(dataDirectory, pidFile));
    await writePidFile(dataDirectory, pidFile, facts.addresses);
    if (addressesFile !== undefined) await writeAddresses(addressesFile, facts.addresses);
    logger.info({ addresses: facts.addresses }, `${name} is ready`);
    return {
      ...facts,
      dataDirectory,
      logPath: log.path,
      failed,
      async stop(options) {
        await beforeStop?.(options);
        await undoing.run(logger);
      },
    };
  } catch (error) {
    logger.error({ error: describeError(error) }, `${name} did not start`);
    await undoing.run(logger);
    throw error;
  }
}
