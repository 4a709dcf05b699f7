/** Ends of agents' links by the master's own doing. */
import type { MasterMessage } from '@stadion/contract/agent-link';
import type { ClusterState } from './state.ts';

/** Closes a link, after what was sent over it before. @param last is sent over it first */
export function closeLink(state: ClusterState, link: number, last?: MasterMessage): void {
  if (last !== undefined) state.outputs.push({ type: 'to-agent', link, message: last });
  state.outputs.push({ type: 'close-link', link });
  state.links.delete(link);
}
