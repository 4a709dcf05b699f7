/** Puts the HTTP APIs of all roles on their ports. */
import type { Logger } from '@stadion/base';
import { createAgentHttp, type Agent } from '@stadion/agent';
import type { PlatformAddresses, ServerConfig } from '@stadion/contract';
import { createMasterHttp, type Master } from '@stadion/master';
import { createOrchestratorHttp, type Engine } from '@stadion/orchestrator';
import { urlOf } from './addresses.ts';
import { listen } from './listening.ts';
import type { SystemPorts } from './system-ports.ts';

/** The rooms that answer on a port. */
export interface ServedRooms {
  readonly master: Master;
  readonly engine: Engine;
  readonly agent: Agent;
}

/**
 * Listens for each role.
 * @param config with real ports, none of them 0
 * @param onOpened is given what closes each server, as soon as there is something to close
 * @throws PlatformError `port-taken` and the like
 */
export async function openApis(
  config: ServerConfig,
  rooms: ServedRooms,
  ports: SystemPorts,
  log: Logger,
  onOpened: (close: () => Promise<unknown>) => void,
): Promise<PlatformAddresses> {
  const { time, random } = ports;
  const address = config.bindAddress;
  const hostname = config.hostname ?? address;
  const where = { address, ownNames: new Set([hostname.toLowerCase()]) };

  const masterHttp = createMasterHttp(rooms.master);
  onOpened(() => masterHttp.close());
  const master = await listen(masterHttp, { ...where, port: config.masterPort, flag: '--master-port' });

  const agentHttp = createAgentHttp(rooms.agent, { clock: time });
  onOpened(() => agentHttp.close());
  const agent = await listen(agentHttp, { ...where, port: config.agentPort, flag: '--agent-port' });

  const leader = new URL(urlOf({ address, port: config.orchestratorPort })).host;
  const orchestratorHttp = createOrchestratorHttp(rooms.engine, {
    time,
    random: random.stream('orchestrator-api'),
    log: log.child({ room: 'orchestrator-api' }),
    leader: () => leader,
    ready: () => true,
    info: {
      marathonConfig: { master, mesos_leader_ui_url: `${master}/`, hostname },
      httpConfig: { http_port: config.orchestratorPort, https_port: null },
    },
  });
  onOpened(() => orchestratorHttp.close());
  const port = config.orchestratorPort;
  const orchestrator = await listen(orchestratorHttp, { ...where, port, flag: '--orchestrator-port' });
  return { orchestrator, master, agent };
}
