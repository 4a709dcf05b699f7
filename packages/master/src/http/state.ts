/** `/state`: everything, for UIs and mesos-dns. */
import { dirname } from 'node:path';
import type { ClusterView } from '../core/cluster/state.ts';
import { flags } from './flags.ts';
import { frameworkListPieces } from './frameworks.ts';
import { arrayPieces, objectPieces } from './json-pieces.ts';
import type { ServedMaster } from './served-master.ts';
import { agentJson, isActive, recoveredAgentJson } from './shapes/agent-json.ts';
import { versionJson } from './version.ts';

/** The legacy state that Mesos's `/state` gives: dashboards and Mesos-DNS read it. */
export function statePieces({ view, identity, pid, port, logFile }: ServedMaster): Generator<string> {
  const startTime = view.startedAt / 1000;
  return objectPieces({
    ...versionJson(identity.version),
    start_time: startTime,
    elected_time: startTime,
    id: view.master.id,
    pid,
    hostname: identity.hostname,
    capabilities: ['AGENT_UPDATE', 'AGENT_DRAINING', 'QUOTA_V2'],
    ...agentCounts(view),
    leader: pid,
    leader_info: { id: view.master.id, pid, port, hostname: identity.hostname },
    cluster: identity.clusterName,
    // Mesos's pages look for the log where there is one.
    log_dir: logFile === undefined ? undefined : dirname(logFile),
    flags: flags(view.config, identity),
    slaves: arrayPieces([...view.agents.values()], (agent) => agentJson(view, agent)),
    recovered_slaves: arrayPieces([...view.recovered.values()], recoveredAgentJson),
    frameworks: frameworkListPieces(view, [...view.frameworks.values()]),
    completed_frameworks: frameworkListPieces(view, [...view.completedFrameworks]),
    orphan_tasks: [],
    unregistered_frameworks: [],
  });
}

function agentCounts(view: ClusterView) {
  let active = 0;
  for (const agent of view.agents.values()) if (isActive(view, agent)) active += 1;
  return {
    activated_slaves: active,
    deactivated_slaves: view.agents.size - active,
    unreachable_slaves: view.unreachable.size,
  };
}
