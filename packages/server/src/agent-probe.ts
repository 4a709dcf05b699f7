/** Asks an agent's own address whether its process lives, beside the link that it keeps to its master. */
import type { Timers } from '@stadion/base';
import type { AgentInfo } from '@stadion/contract/agent-link';
import { AGENT_PROBE_MS_MAX } from './limits.ts';
import type { NodeTls } from './tls/node-tls.ts';
import { agentUrl, requestTo } from './tls/requests.ts';

/**
 * Makes the question. Any answer at all is a sign of life: a process that hangs has its connections accepted by the
 * machine, and answers none.
 * @returns false when no answer has come within {@link AGENT_PROBE_MS_MAX}
 */
export function agentProbe(tls: NodeTls | undefined, timers: Timers): (agent: AgentInfo) => Promise<boolean> {
  return ({ ip, port }) =>
    new Promise((resolve) => {
      const host = ip.includes(':') ? `[${ip}]` : ip;
      const address = agentUrl(`${host}:${String(port)}`, tls);
      // What an agent says of its address may be none, and then nobody answers there.
      if (!URL.canParse(address)) {
        resolve(false);
        return;
      }
      const request = requestTo(new URL('/health', address), tls, { agent: false }, (answer) => {
        answer.destroy();
        end(true);
      });
      const limit = timers.after(AGENT_PROBE_MS_MAX, () => {
        end(false);
      });
      const end = (isAlive: boolean): void => {
        limit.cancel();
        resolve(isAlive);
        request.destroy();
      };
      request.on('error', () => {
        end(false);
      });
      request.end();
    });
}
