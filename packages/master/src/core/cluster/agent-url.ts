/** Where an agent answers, as offers say it. */
import type { AgentInfo } from '@stadion/contract/agent-link';
import type { Offer } from '@stadion/contract/mesos';

/** Some clients read the address of a host from here: all of it is always there. */
export function agentUrl(info: AgentInfo): NonNullable<Offer['url']> {
  return {
    scheme: 'http',
    address: { hostname: info.hostname, ip: info.ip, port: info.port },
    path: '/slave(1)',
  };
}
