/** Takes upgrades to sessions inside tasks, and to connections to their ports. Who may come in was decided before. */
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Timers } from '@stadion/base';
import { joinStreams } from '@stadion/base/join-streams';
import { roomIn } from '@stadion/base/stream-room';
import {
  CHANNEL,
  decodeAttachQuery,
  decodeSessionQuery,
  decodeSessionTarget,
  decodeTerminalSize,
  encodeFrame,
  FrameReader,
  PORT_PROTOCOL,
  SESSION_PROTOCOL,
} from '@stadion/contract/task-session';
import type { AgentView } from '../agent-view.ts';
import { describeExit } from '../core/container.ts';
import type { Task } from '../core/task.ts';
import type { ExecSession } from '../ports/containerizer.ts';
import { attachToOutput } from './attached-output.ts';

/** Answers an upgrade: by a stream, or by an error. */
export function acceptTaskSession(agent: AgentView, request: IncomingMessage, socket: Duplex, timers: Timers): void {
  // Who goes away, goes away.
  socket.on('error', () => undefined);
  const target = decodeSessionTarget(request.url ?? '');
  if (target === undefined) {
    refuse(socket, 404, 'Nothing here takes such an upgrade.');
    return;
  }
  const { taskId, kind, query } = target;
  const task = [...agent.tasks()].find(({ info }) => info.task_id.value === taskId);
  if (task === undefined || (task.phase !== 'running' && task.phase !== 'killing')) {
    refuse(socket, 404, `The task ${taskId} does not run here.`);
  } else if (kind === 'exec' && request.headers.upgrade === SESSION_PROTOCOL) {
    begin(exec(agent, task, query, socket), socket);
  } else if (kind === 'attach' && request.headers.upgrade === SESSION_PROTOCOL) {
    begin(attach(agent, task, query, socket, timers), socket);
  } else if (kind === 'port' && request.headers.upgrade === PORT_PROTOCOL) {
    connectPort(agent, task, Number(query.get('port')), socket);
  } else {
    refuse(socket, 400, `Ask for an upgrade to ${SESSION_PROTOCOL} or ${PORT_PROTOCOL}.`);
  }
}

/** Whatever goes wrong in a session is the end of that session, and of nothing else. */
function begin(session: Promise<void>, socket: Duplex): void {
  session.catch(() => socket.destroy());
}

async function exec(agent: AgentView, task: Task, query: URLSearchParams, socket: Duplex): Promise<void> {
  const wanted = decodeSessionQuery(query);
  if (typeof wanted === 'string') {
    refuse(socket, 400, wanted);
    return;
  }
  const outcome = await agent.exec(task, wanted);
  if (!outcome.ok) {
    refuse(socket, 409, outcome.message);
    return;
  }
  await carry(outcome.session, socket);
}

async function attach(
  agent: AgentView,
  task: Task,
  query: URLSearchParams,
  socket: Duplex,
  timers: Timers,
): Promise<void> {
  const { wantsInput, terminal } = decodeAttachQuery(query);
  const outcome = wantsInput ? await agent.attach(task) : undefined;
  if (outcome?.ok === false) {
    refuse(socket, 409, outcome.message);
    return;
  }
  if (terminal !== undefined) outcome?.input.resize(terminal);
  await carry(await attachToOutput(agent, task, timers, outcome?.input), socket);
}

/** Carries a session in frames until it ends, or its client goes. */
async function carry(session: ExecSession, socket: Duplex): Promise<void> {
  switchTo(socket, SESSION_PROTOCOL);
  const reader = new FrameReader((channel, payload) => {
    if (channel === CHANNEL.stdin) give(session, socket, payload);
    if (channel === CHANNEL.resize) {
      const size = decodeTerminalSize(parse(payload));
      if (size !== undefined) session.resize(size);
    }
  });
  socket.on('data', (chunk: Buffer) => {
    if (!reader.push(chunk)) socket.destroy();
  });
  // Nobody is left who would read: the command ends, as at a closed terminal. The end of input is a frame.
  socket.once('end', () => session.kill());
  socket.once('close', () => session.kill());
  const copied = [copy(session.stdout, CHANNEL.stdout, socket), copy(session.stderr, CHANNEL.stderr, socket)];
  const exit = await session.exit;
  await Promise.all(copied);
  const code = exit.kind === 'exited' ? exit.code : exit.kind === 'signaled' ? 128 + exit.signal : undefined;
  socket.end(encodeFrame(CHANNEL.exit, Buffer.from(JSON.stringify({ code, message: describeExit(exit) }))));
}

/** Input that the command does not take yet holds the sender back. */
function give({ stdin }: ExecSession, socket: Duplex, payload: Uint8Array): void {
  if (payload.length === 0) {
    stdin.end();
  } else if (stdin.writable && !stdin.write(Buffer.from(payload))) {
    socket.pause();
    stdin.once('drain', () => socket.resume());
  }
}

async function copy(stream: AsyncIterable<unknown>, channel: number, socket: Duplex): Promise<void> {
  try {
    for await (const chunk of stream) {
      if (!Buffer.isBuffer(chunk) || socket.destroyed) continue;
      if (socket.write(encodeFrame(channel, chunk))) continue;
      await roomIn(socket);
    }
  } catch {
    // The command is gone; its exit says how.
  }
}

/** To the container's own address where it has one; else to this machine, first to what listens for it alone. */
function connectPort(agent: AgentView, { latest }: Task, port: number, socket: Duplex): void {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    refuse(socket, 400, 'Say which port: port=8080.');
    return;
  }
  const told = latest?.container_status?.network_infos?.[0]?.ip_addresses[0]?.ip_address ?? agent.info.ip;
  const [first = told, ...others] = told === agent.info.ip ? ['127.0.0.1', told] : [told];
  connectFirst(first, others, port, socket);
}

function connectFirst(host: string, others: readonly string[], port: number, socket: Duplex): void {
  const target = connect({ host, port, allowHalfOpen: true });
  target.once('error', (error) => {
    const [next, ...rest] = others;
    if (next !== undefined) connectFirst(next, rest, port, socket);
    else refuse(socket, 502, `Nobody listens on port ${port} of the task: ${error.message}`);
  });
  target.once('connect', () => {
    target.removeAllListeners('error');
    switchTo(socket, PORT_PROTOCOL);
    void joinStreams(socket, target);
  });
}

function switchTo(socket: Duplex, protocol: string): void {
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`);
}

function refuse(socket: Duplex, status: number, message: string): void {
  if (socket.destroyed) return;
  const body = JSON.stringify({ message });
  const head = `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nConnection: close`;
  socket.end(`${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    return undefined;
  }
}
