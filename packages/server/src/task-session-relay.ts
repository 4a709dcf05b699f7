/** Sessions inside tasks on the orchestrator's port: one door, one record, and the way to the agent that has the task. */
import { request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { authorizationOf, type AuditLog, type Secret } from '@stadion/access';
import { acceptTaskSession, type Agent } from '@stadion/agent';
import { describeError } from '@stadion/base';
import { createMasterClient } from '@stadion/contract/client';
import { SESSION_PATH } from '@stadion/contract/task-session';
import { refuseUpgrade } from './agent-link/http-acceptor.ts';
import { refusalOf, type Admission } from './admission.ts';
import { USER_HEADER } from './permission.ts';
import { upgradeRefusal, whenPermitted } from './permitted-upgrade.ts';

/** Ends every session of a server: upgraded connections are nobody's else to close. */
export type EndSessions = () => void;

/** Has the agent's own server take sessions. */
export function takeTaskSessions(server: Server, agent: Agent, admission: Admission): EndSessions {
  const open = new OpenSockets();
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    open.add(socket);
    const refused = refusalOf(request, admission);
    if (refused !== undefined) refuseUpgrade(socket, refused.status, refused.message);
    else whenPermitted(request, socket, admission, 'agent', () => acceptTaskSession(agent, request, socket));
  });
  return () => open.destroyAll();
}

class OpenSockets {
  private readonly sockets = new Set<Duplex>();

  add(socket: Duplex): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
  }

  destroyAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

/** Has the orchestrator's server pass sessions on to agents. @param masterUrl who knows which agent has a task */
export function relayTaskSessions(
  server: Server,
  parts: {
    readonly admission: Admission;
    readonly secret: Secret | undefined;
    readonly masterUrl: string;
    readonly audit: AuditLog;
  },
): EndSessions {
  const { admission, secret, audit } = parts;
  const open = new OpenSockets();
  const shown = secret === undefined ? {} : { authorization: authorizationOf(secret) };
  const master = createMasterClient({ baseUrl: parts.masterUrl, headers: shown });

  async function agentOf(taskId: string): Promise<string | undefined> {
    const { tasks } = await master.tasks({ taskId, limit: 1 });
    const agentId = tasks.find(({ id }) => id === taskId)?.slave_id;
    const { slaves } = await master.slaves();
    const pid = slaves.find(({ id }) => id === agentId)?.pid;
    return pid?.slice(pid.lastIndexOf('@') + 1);
  }

  async function relay(request: IncomingMessage, socket: Duplex): Promise<void> {
    const url = new URL(request.url ?? '', 'http://orchestrator');
    const [, name = '', kind = ''] = SESSION_PATH.exec(url.pathname) ?? [];
    const target = decodeURIComponent(name);
    const who = request.socket.remoteAddress ?? 'unknown';
    const details =
      kind === 'exec' ? { argv: url.searchParams.getAll('argv') } : { port: url.searchParams.get('port') };
    const asked = { what: `task ${kind}`, target, details };
    const refused = refusalOf(request, admission) ?? (await upgradeRefusal(request, admission, 'orchestrator'));
    const record = { ...asked, who: request.headers[USER_HEADER]?.toString() ?? who };
    if (refused !== undefined) {
      await audit.add({ ...record, outcome: 'refused' });
      refuseUpgrade(socket, refused.status, refused.message);
      return;
    }
    // On record before anything happens.
    await audit.add({ ...record, outcome: 'begun' });
    const host = await agentOf(target).catch(() => undefined);
    if (host === undefined) {
      await audit.add({ ...record, outcome: 'failed' });
      refuseUpgrade(socket, 404, `No task ${target} runs.`);
      return;
    }
    const upgrade = request.headers.upgrade ?? '';
    const outgoing = httpRequest(`http://${host}${url.pathname}${url.search}`, {
      headers: { connection: 'Upgrade', upgrade, ...shown },
    });
    outgoing.once('upgrade', (response: IncomingMessage, other: Duplex, head: Buffer) => {
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${response.headers.upgrade ?? ''}\r\n\r\n`,
      );
      if (head.length > 0) socket.write(head);
      other.on('error', () => socket.destroy());
      socket.once('close', () => {
        other.destroy();
        void audit.add({ ...record, outcome: 'done' });
      });
      other.once('close', () => socket.end());
      socket.pipe(other).pipe(socket);
    });
    outgoing.once('response', (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.once('end', () => {
        void audit.add({ ...record, outcome: 'failed' });
        refuseUpgrade(socket, response.statusCode ?? 502, messageIn(text));
      });
    });
    outgoing.once('error', (error) => {
      void audit.add({ ...record, outcome: 'failed' });
      refuseUpgrade(socket, 502, `The agent at ${host} does not answer: ${describeError(error)}`);
    });
    outgoing.end();
  }

  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    open.add(socket);
    socket.on('error', () => undefined);
    if (!SESSION_PATH.test(new URL(request.url ?? '', 'http://orchestrator').pathname)) {
      refuseUpgrade(socket, 404, 'Nothing here takes an upgrade.');
    } else {
      void relay(request, socket);
    }
  });
  return () => open.destroyAll();
}

function messageIn(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'message' in value) return String(value.message);
  } catch {
    // No JSON: the text itself.
  }
  return text;
}
