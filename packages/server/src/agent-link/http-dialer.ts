/** The agent's side of links over HTTP: reaches masters and follows redirections. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { PlatformError, errorCode, type Logger, type Timers } from '@stadion/base';
import { authorizationOf, type Secret } from '@stadion/access';
import { MasterMessage, type AgentMessage, type MasterDialer } from '@stadion/contract/agent-link';
import { DIAL_ANSWER_MS_MAX, DIAL_REDIRECTIONS_MAX } from '../limits.ts';
import type { NodeTls } from '../tls/node-tls.ts';
import { requestTo } from '../tls/requests.ts';
import { newestMasterDialer } from './newest-master.ts';
import { AGENT_LINK_PATH, AGENT_LINK_PROTOCOL, EPOCH_HEADER, messageCheck, openLink, tuneSocket } from './link-wire.ts';

/** What a dialer needs. */
export interface HttpDialerOptions {
  /** URLs of masters to try, the likeliest leader first; asked anew for each dial. */
  readonly masters: () => readonly string[];
  readonly secret: Secret | undefined;
  /** Calls back whenever it is heard who leads; absent where nobody says so. */
  readonly onLeader?: ((callback: () => void) => void) | undefined;
  /** What is shown to masters that are reached over TLS. */
  readonly tls: NodeTls | undefined;
  readonly timers: Timers;
  readonly log: Logger;
}

const isMasterMessage = messageCheck(MasterMessage);

/** Makes a dialer over HTTP. */
export function httpDialer(options: HttpDialerOptions): MasterDialer {
  const { onLeader } = options;
  const dialer = newestMasterDialer({
    masters: options.masters,
    reach: async (master) => {
      const { socket, head, epoch } = await upgrade(options, new URL(AGENT_LINK_PATH, master), 0);
      return {
        epoch,
        abandon: () => {
          socket.destroy();
        },
        open: (receiver) => {
          tuneSocket(socket);
          return openLink<AgentMessage, MasterMessage>(
            socket,
            head,
            { log: options.log, check: isMasterMessage },
            () => receiver,
          );
        },
      };
    },
  });
  return onLeader === undefined ? dialer : { ...dialer, onLeader };
}

interface Upgraded {
  readonly socket: Socket;
  readonly head: Buffer;
  readonly epoch: number;
}

async function upgrade(options: HttpDialerOptions, url: URL, redirections: number): Promise<Upgraded> {
  const outcome = await attempt(options, url);
  if ('socket' in outcome) return outcome;
  const { response } = outcome;
  const { location } = response.headers;
  if (response.statusCode === 307 && location !== undefined && redirections < DIAL_REDIRECTIONS_MAX) {
    response.resume();
    return upgrade(options, new URL(location, url), redirections + 1);
  }
  if (response.statusCode === 403) {
    throw new PlatformError('link-refused', `${url.host} does not take this agent in: ${await messageOf(response)}`);
  }
  response.resume();
  if (response.statusCode === 401) {
    throw new PlatformError('secret-refused', `${url.host} does not take this secret: use the cluster's own`);
  }
  const hint = response.statusCode === 404 ? ': it is no master of Stadion (its port is 5050 by default)' : '';
  throw new PlatformError(
    'master-unreachable',
    `${url.host} answered with status ${String(response.statusCode)}${hint}`,
  );
}

function attempt(options: HttpDialerOptions, url: URL): Promise<Upgraded | { readonly response: IncomingMessage }> {
  const { secret, timers, tls } = options;
  return new Promise((resolve, reject) => {
    const request: ClientRequest = requestTo(url, tls, {
      agent: false,
      headers: {
        connection: 'Upgrade',
        upgrade: AGENT_LINK_PROTOCOL,
        ...(secret === undefined ? {} : { authorization: authorizationOf(secret) }),
      },
    });
    const deadline = timers.after(DIAL_ANSWER_MS_MAX, () => {
      request.destroy(new Error(`${url.host} did not answer within ${String(DIAL_ANSWER_MS_MAX / 1000)} s`));
    });
    request.on('upgrade', (response, socket, head) => {
      deadline.cancel();
      resolve({ socket, head, epoch: Number(response.headers[EPOCH_HEADER] ?? 0) });
    });
    request.on('response', (response) => {
      deadline.cancel();
      resolve({ response });
    });
    request.on('error', (error) => {
      deadline.cancel();
      reject(explained(error, url));
    });
    request.end();
  });
}

/** With a wrong clock a good certificate has expired, too: the error alone sends people to look for another one. */
function explained(error: Error, { host }: URL): Error {
  const isOfTime = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'].includes(errorCode(error) ?? '');
  if (!isOfTime) return error;
  const message = `the certificate of ${host} is not good at the time of this machine: is its clock right?`;
  return new PlatformError('certificate-untimely', message, { cause: error });
}

/** What a refusal says. */
async function messageOf(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response) if (text.length < REFUSAL_CHARACTERS_MAX) text += String(chunk);
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer === 'object' && answer !== null && 'message' in answer) return String(answer.message);
  } catch {
    // No JSON: the text itself.
  }
  return text.slice(0, REFUSAL_CHARACTERS_MAX);
}

const REFUSAL_CHARACTERS_MAX = 1_000;
