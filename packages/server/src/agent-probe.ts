/** Asks an agent's own address whether its process lives, beside the link that it keeps to its master. */
import { errorCode, type Timers, hostPort } from '@stadion/base';
import type { AgentInfo } from '@stadion/contract/agent-link';
import type { ProbeAnswer } from '@stadion/master';
import { AGENT_PROBE_MS_MAX } from './limits.ts';
import type { NodeTls } from './tls/node-tls.ts';
import { agentUrl, requestTo } from './tls/requests.ts';

/**
 * Makes the question. Any answer at all is a sign of life: a process that hangs has its connections accepted by the
 * machine, and answers none.
 * @returns `silent` when no answer has come within {@link AGENT_PROBE_MS_MAX}
 */
export function agentProbe(tls: NodeTls | undefined, timers: Timers): (agent: AgentInfo) => Promise<ProbeAnswer> {
  return ({ ip, port }) =>
    new Promise((resolve) => {
      const address = agentUrl(hostPort(ip, port), tls);
      // What an agent says of its address may be none, and then nobody answers there.
      if (!URL.canParse(address)) {
        resolve('silent');
        return;
      }
      const request = requestTo(new URL('/health', address), tls, { agent: false }, (answer) => {
        answer.destroy();
        end('alive');
      });
      const limit = timers.after(AGENT_PROBE_MS_MAX, () => {
        end('silent');
      });
      const end = (answer: ProbeAnswer): void => {
        limit.cancel();
        resolve(answer);
        request.destroy();
      };
      request.on('error', (error) => {
        end(errorCode(error) === 'ECONNREFUSED' ? 'refused' : 'silent');
      });
      request.end();
    });
}
