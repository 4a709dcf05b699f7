/** Sessions inside tasks on the orchestrator's port: one door, one record, and the way to the agent that has the task. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { authorizationOf, type AuditLog, type Secret } from '@stadion/access';
import { acceptTaskSession, type Agent } from '@stadion/agent';
import { describeError, type Timers } from '@stadion/base';
import { joinStreams } from '@stadion/base/join-streams';
import { createMasterClient } from '@stadion/contract/client';
import {
  decodeAttachQuery,
  decodeSessionTarget,
  encodeSessionTarget,
  type SessionTarget,
} from '@stadion/contract/task-session';
import { refuseUpgrade } from './agent-link/http-acceptor.ts';
import { refusalOf, type Admission } from './admission.ts';
import { auditOrigin } from './audit-origin.ts';
import { upgradeRefusal, whenPermitted } from './permitted-upgrade.ts';
import { sessionCaller } from './session-caller.ts';
import type { NodeTls } from './tls/node-tls.ts';
import { clusterFetch } from './tls/own-fetches.ts';
import { agentUrl, requestTo } from './tls/requests.ts';

/** Ends every session of a server: upgraded connections are nobody's else to close. */
export type EndSessions = () => void;

/** Has the agent's own server take sessions. */
export function takeTaskSessions(server: Server, agent: Agent, admission: Admission, timers: Timers): EndSessions {
  const open = new OpenSockets();
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    open.add(socket);
    // What came behind the request is the beginning of the session.
    if (head.length > 0) socket.unshift(head);
    const refused = refusalOf(request, admission);
    if (refused !== undefined) refuseUpgrade(socket, refused.status, refused.message);
    else whenPermitted(request, socket, admission, 'agent', () => acceptTaskSession(agent, request, socket, timers));
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
    readonly tls: NodeTls | undefined;
    readonly masterUrl: () => string;
    readonly audit: AuditLog;
  },
): EndSessions {
  const { admission, secret, tls, audit } = parts;
  const open = new OpenSockets();
  const shown = (): Record<string, string> => (secret === undefined ? {} : { authorization: authorizationOf(secret) });
  const ask = clusterFetch(parts);

  async function agentOf(taskId: string): Promise<string | undefined> {
    const master = createMasterClient({ baseUrl: parts.masterUrl(), fetch: ask });
    const { tasks } = await master.tasks({ taskId, limit: 1 });
    const agentId = tasks.find(({ id }) => id === taskId)?.slave_id;
    const { slaves } = await master.slaves();
    const pid = slaves.find(({ id }) => id === agentId)?.pid;
    return pid === undefined ? undefined : agentUrl(pid, tls);
  }

  async function relay(target: SessionTarget, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { taskId } = target;
    const asked = { what: `task ${target.kind}`, target: taskId, details: detailsOf(target) };
    const notAdmitted = refusalOf(request, admission);
    const refused = notAdmitted ?? (await upgradeRefusal(request, admission, 'orchestrator'));
    // Only now is known who it is.
    const record = { ...asked, ...auditOrigin(request) };
    if (refused !== undefined) {
      await audit.add({ ...record, outcome: 'refused' });
      // Pages of others and strangers are not even let in to be told.
      if (notAdmitted !== undefined || refused.status === 401) {
        refuseUpgrade(socket, refused.status, refused.message, refused.headers);
      } else {
        sessionCaller(request, socket, head).refuse(refused.status, refused.message);
      }
      return;
    }
    const caller = sessionCaller(request, socket, head);
    // On record before anything happens.
    await audit.add({ ...record, outcome: 'begun' });
    const fail = (status: number, message: string): void => {
      void audit.add({ ...record, outcome: 'failed' });
      caller.refuse(status, message);
    };
    const agent = await agentOf(taskId).catch(() => undefined);
    if (agent === undefined) {
      fail(404, `No task ${taskId} runs.`);
      return;
    }
    const outgoing = requestTo(new URL(`${agent}${encodeSessionTarget(target)}`), tls, {
      headers: { connection: 'Upgrade', upgrade: caller.protocol, ...shown() },
    });
    outgoing.once('upgrade', (_response: IncomingMessage, other: Duplex, early: Buffer) => {
      if (early.length > 0) other.unshift(early);
      open.add(other);
      caller.accept().then(
        async (stream) => {
          await joinStreams(stream, other);
          await audit.add({ ...record, outcome: 'done' });
        },
        () => {
          other.destroy();
          void audit.add({ ...record, outcome: 'failed' });
        },
      );
    });
    outgoing.once('response', (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.once('end', () => fail(response.statusCode ?? 502, messageIn(text)));
    });
    outgoing.once('error', (error) => fail(502, `The agent at ${agent} does not answer: ${describeError(error)}`));
    outgoing.end();
  }

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    open.add(socket);
    socket.on('error', () => undefined);
    const target = decodeSessionTarget(request.url ?? '');
    if (target === undefined) refuseUpgrade(socket, 404, 'Nothing here takes such an upgrade.');
    // Whatever goes wrong in a session is the end of that session, and of nothing else.
    else relay(target, request, socket, head).catch(() => socket.destroy());
  });
  return () => open.destroyAll();
}

/** What is on record of a session. */
function detailsOf({ kind, query }: SessionTarget): Readonly<Record<string, unknown>> {
  switch (kind) {
    case 'exec':
      return { argv: query.getAll('argv') };
    case 'port':
      return { port: query.get('port') };
    case 'attach':
      return decodeAttachQuery(query).wantsInput ? { input: true } : {};
  }
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
