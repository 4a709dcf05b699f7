/** `/slaves`: all agents, with their raw resources. */
import type { ClusterView } from '../core/cluster/state.ts';
import { arrayPieces, objectPieces } from './json-pieces.ts';
import { fullAgentJson, recoveredAgentJson } from './shapes/agent-json.ts';

/** `{slaves, recovered_slaves, unreachable_slaves}` (the last an extension), with `agentId` only that one. */
export function slavesPieces(view: ClusterView, agentId: string | undefined): Generator<string> {
  const wanted = ({ id }: { readonly id: string }): boolean => agentId === undefined || id === agentId;
  return objectPieces({
    slaves: arrayPieces([...view.agents.values()].filter(wanted), (agent) => fullAgentJson(view, agent)),
    recovered_slaves: arrayPieces([...view.recovered.values()].filter(wanted), recoveredAgentJson),
    unreachable_slaves: arrayPieces([...view.unreachable.values()].filter(wanted), recoveredAgentJson),
  });
}
