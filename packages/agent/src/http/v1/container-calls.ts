/**
 * The calls of Mesos's agent API (`/api/v1`) that work inside containers: sessions, their input and their fate, and the
 * output of tasks. In JSON; protobuf is refused.
 */
import { PassThrough, Readable } from 'node:stream';
import { describeError, every, type Timers } from '@stadion/base';
import { roomIn } from '@stadion/base/stream-room';
import { RecordReader } from '@stadion/contract/mesos-wire';
import { decodeTerminalSize } from '@stadion/contract/task-session';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AgentView } from '../../agent-view.ts';
import { waitStatus } from '../../core/container.ts';
import type { Task } from '../../core/task.ts';
import { RECORD_BYTES_MAX } from '../../limits.ts';
import type { AttachedInput, ExecSession, TerminalSize } from '../../ports/containerizer.ts';
import { attachToOutput } from '../attached-output.ts';
import { NestedSessions, type NestedSession } from './nested-sessions.ts';
import {
  heartbeatRecord,
  member,
  outputRecord,
  readCommand,
  readContainerId,
  readInputMessage,
  type InputMessage,
} from './process-io.ts';

const HEARTBEAT_MS = 30_000;
const TASK_POLL_MS = 500;
const SIZE_DEFAULT: TerminalSize = { rows: 24, columns: 80 };

/** What the calls work with. */
export interface ContainerCallParts {
  readonly agent: AgentView;
  readonly timers: Timers;
}

/** What is answered when it is no stream. */
interface Refusal {
  readonly status: number;
  readonly message: string;
}

/** Whose input is being sent. */
interface Attached {
  readonly input: AttachedInput;
  /** Resolves when it takes none any more. */
  readonly over: Promise<unknown>;
  /** Whether its input is at its end when nothing more is sent. */
  readonly endsInput: boolean;
  readonly letGo: () => void;
}

/** Binds `POST /api/v1` under each of some prefixes; the sessions are the same. */
export function addContainerCalls(
  server: FastifyInstance,
  prefixes: readonly string[],
  parts: ContainerCallParts,
): void {
  const calls = new ContainerCalls(parts);
  void server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('application/recordio', (_request, stream, done) => {
      done(null, stream);
    });
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: RECORD_BYTES_MAX }, (_request, body, done) => {
      done(null, body);
    });
    for (const prefix of prefixes) scope.post(`${prefix}/api/v1`, (request, reply) => calls.answer(request, reply));
  });
}

class ContainerCalls {
  private readonly agent: AgentView;
  private readonly timers: Timers;
  private readonly sessions = new NestedSessions();

  constructor({ agent, timers }: ContainerCallParts) {
    this.agent = agent;
    this.timers = timers;
  }

  async answer({ body, headers }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    if (body instanceof Readable) {
      const isJson = /^application\/json\b/.test(headers['message-content-type']?.toString() ?? '');
      if (!isJson) return refuse(reply, { status: 415, message: 'Send messages as application/json.' });
      return this.attachInput(body, reply);
    }
    const call = Buffer.isBuffer(body) ? parse(body) : undefined;
    if (call === undefined) return refuse(reply, { status: 415, message: 'Send the call as application/json.' });
    const type = member(call, 'type');
    const content = typeof type === 'string' ? member(call, type.toLowerCase()) : undefined;
    switch (type) {
      case 'LAUNCH_NESTED_CONTAINER_SESSION':
        return this.launch(content, reply);
      case 'ATTACH_CONTAINER_OUTPUT':
        return this.attachOutput(content, reply);
      case 'WAIT_NESTED_CONTAINER':
      case 'WAIT_CONTAINER':
        return this.wait(type, content, reply);
      case 'KILL_NESTED_CONTAINER':
      case 'KILL_CONTAINER':
        return this.withSession(content, reply, ({ session }) => {
          session.kill();
          return undefined;
        });
      case 'REMOVE_NESTED_CONTAINER':
      case 'REMOVE_CONTAINER':
        return this.withSession(content, reply, ({ exit }, id) => {
          if (exit === undefined) return { status: 400, message: `The container ${id} has not ended yet.` };
          this.sessions.remove(id);
          return undefined;
        });
      default:
        return refuse(reply, {
          status: 501,
          message: `This agent does not take ${typeof type === 'string' ? type : 'a call without a type'} here.`,
        });
    }
  }

  private async launch(content: unknown, reply: FastifyReply): Promise<FastifyReply> {
    const id = readContainerId(member(content, 'container_id'));
    const argv = readCommand(member(content, 'command'));
    if (id === undefined || argv === undefined) {
      return refuse(reply, { status: 400, message: 'A session needs a container_id with a parent, and a command.' });
    }
    const task = this.taskOf(id.slice(0, Math.max(0, id.lastIndexOf('.'))));
    if (task === undefined) return refuse(reply, noContainer(`the parent of ${id}`));
    if (this.sessions.get(id) !== undefined) return refuse(reply, taken(id));
    if (!this.sessions.makeRoom()) return refuse(reply, { status: 429, message: 'Too many sessions are open.' });
    const terminal = terminalOf(member(content, 'container'));
    const outcome = await this.agent.exec(task, { argv, ...(terminal === undefined ? {} : { terminal }) });
    if (!outcome.ok) return refuse(reply, { status: 400, message: outcome.message });
    // Somebody else may have been faster with the same name.
    if (this.sessions.get(id) !== undefined) {
      outcome.session.kill();
      return refuse(reply, taken(id));
    }
    this.sessions.add(id, outcome.session);
    return this.stream(outcome.session, reply);
  }

  private async attachOutput(content: unknown, reply: FastifyReply): Promise<FastifyReply> {
    const id = readContainerId(member(content, 'container_id')) ?? '';
    if (this.sessions.get(id) !== undefined) {
      return refuse(reply, { status: 409, message: 'The output of a session goes to whoever began it.' });
    }
    const task = this.taskOf(id);
    if (task === undefined) return refuse(reply, noContainer(id));
    return this.stream(await attachToOutput(this.agent, task, this.timers), reply);
  }

  /** Sends what a session writes until it ends; when the reader goes away before, it is ended. */
  private stream(session: ExecSession, reply: FastifyReply): FastifyReply {
    const output = new PassThrough();
    const beat = (): boolean => output.write(heartbeatRecord(HEARTBEAT_MS));
    // At once, or the answer would begin only when the command says something.
    beat();
    const heartbeat = every(this.timers, HEARTBEAT_MS, beat);
    const state = { isOver: false };
    output.once('close', () => {
      heartbeat.cancel();
      // What has ended is left alone: its number may be another process's by now.
      if (!state.isOver) session.kill();
    });
    void session.exit.then(() => {
      state.isOver = true;
    });
    const copied = [copy(session.stdout, 'STDOUT', output), copy(session.stderr, 'STDERR', output)];
    void Promise.allSettled([session.exit, ...copied]).then(() => output.end());
    return reply
      .code(200)
      .headers({ 'content-type': 'application/recordio', 'message-content-type': 'application/json' })
      .send(output);
  }

  /** Answers as soon as the input is at its end, or the command, or a message is none; the rest is let pass. */
  private async attachInput(body: Readable, reply: FastifyReply): Promise<FastifyReply> {
    const refusal = await new Promise<Refusal | undefined>((resolve) => {
      this.takeInput(body, resolve).then(
        () => resolve(undefined),
        (error: unknown) => resolve({ status: 400, message: describeError(error) }),
      );
    });
    reply.header('connection', 'close');
    return refusal === undefined ? reply.code(200).send('') : refuse(reply, refusal);
  }

  private async takeInput(body: Readable, finish: (refusal?: Refusal) => void): Promise<void> {
    const reader = new RecordReader(RECORD_BYTES_MAX);
    let nested: Attached | undefined;
    const state = { isOver: false };
    const end = (refusal?: Refusal): void => {
      state.isOver = true;
      finish(refusal);
    };
    try {
      for await (const chunk of body) {
        if (state.isOver) continue;
        for (const bytes of reader.push(chunk as Uint8Array)) {
          const message = readInputMessage(bytes);
          if (nested === undefined) {
            const found = await this.toAttach(message);
            if ('status' in found) {
              end(found);
              break;
            }
            nested = found;
            // Nobody waits for more input of a command that has ended.
            void nested.over.then(() => end());
          } else if (!(await pass(nested, message))) {
            end({ status: 400, message: 'This is no PROCESS_IO message.' });
            break;
          }
        }
      }
    } finally {
      nested?.letGo();
    }
  }

  /** The session that the first message names, or the task. */
  private async toAttach(message: InputMessage | undefined): Promise<Attached | Refusal> {
    if (message?.kind !== 'container') return { status: 400, message: 'The first message names the container.' };
    const found = this.sessions.get(message.id);
    if (found === undefined) return this.toAttachTask(message.id);
    if (found.isAttached) return { status: 409, message: 'Somebody else sends input already.' };
    found.isAttached = true;
    const { session } = found;
    const letGo = (): void => {
      found.isAttached = false;
    };
    return { input: session, over: session.exit, endsInput: true, letGo };
  }

  private async toAttachTask(id: string): Promise<Attached | Refusal> {
    const task = this.taskOf(id);
    if (task === undefined) return noContainer(id);
    const outcome = await this.agent.attach(task);
    if (!outcome.ok) return { status: 400, message: outcome.message };
    const { input } = outcome;
    const over = new Promise<void>((resolve) => input.stdin.once('close', resolve));
    // A pipe does not tell of the end of who reads it.
    const look = every(this.timers, TASK_POLL_MS, () => {
      if (this.taskOf(id) === undefined) input.stdin.destroy();
    });
    void over.then(() => look.cancel());
    return { input, over, endsInput: false, letGo: () => input.stdin.end() };
  }

  private async wait(type: string, content: unknown, reply: FastifyReply): Promise<FastifyReply> {
    const id = readContainerId(member(content, 'container_id')) ?? '';
    const nested = this.sessions.get(id);
    if (nested === undefined) return refuse(reply, noContainer(id));
    const status = waitStatus(await nested.session.exit);
    return reply.code(200).send({ type, [type.toLowerCase()]: status === undefined ? {} : { exit_status: status } });
  }

  private withSession(
    content: unknown,
    reply: FastifyReply,
    act: (nested: NestedSession, id: string) => Refusal | undefined,
  ): FastifyReply {
    const id = readContainerId(member(content, 'container_id')) ?? '';
    const nested = this.sessions.get(id);
    const refusal = nested === undefined ? noContainer(id) : act(nested, id);
    return refusal === undefined ? reply.code(200).send('') : refuse(reply, refusal);
  }

  /** The running task of a container, by the innermost name of its id. */
  private taskOf(id: string): Task | undefined {
    const name = id.slice(id.lastIndexOf('.') + 1);
    for (const task of this.agent.tasks()) {
      if (task.containerId === name && (task.phase === 'running' || task.phase === 'killing')) return task;
    }
    return undefined;
  }
}

async function copy(stream: Readable, type: 'STDOUT' | 'STDERR', output: PassThrough): Promise<void> {
  for await (const chunk of stream) {
    if (output.destroyed) return;
    if (Buffer.isBuffer(chunk) && !output.write(outputRecord(type, chunk))) await roomIn(output);
  }
}

/** Does what a message says. @returns false when it is none */
async function pass({ input, endsInput }: Attached, message: InputMessage | undefined): Promise<boolean> {
  if (message === undefined || message.kind === 'container') return false;
  if (message.kind === 'size') input.resize(message.size);
  // Mesos: who wants to end the input of a terminal sends the character for it.
  else if (message.kind === 'input' && (message.bytes.length > 0 || endsInput)) await give(input, message.bytes);
  return true;
}

/** Input that the command does not take yet holds the sender back. */
async function give({ stdin }: AttachedInput, bytes: Buffer): Promise<void> {
  if (bytes.length === 0) stdin.end();
  else if (stdin.writable && !stdin.write(bytes)) await roomIn(stdin);
}

function terminalOf(container: unknown): TerminalSize | undefined {
  const terminal = member(container, 'tty_info');
  return terminal === undefined ? undefined : (decodeTerminalSize(member(terminal, 'window_size')) ?? SIZE_DEFAULT);
}

function taken(id: string): Refusal {
  return { status: 409, message: `There is a container ${id} already.` };
}

function noContainer(id: string): Refusal {
  return { status: 404, message: `No container ${id} runs here.` };
}

function refuse(reply: FastifyReply, { status, message }: Refusal): FastifyReply {
  return reply.code(status).send({ message });
}

/** What does not begin with `{` is none: whoever judged the call by its body has read it by the same rule. */
function parse(body: Buffer): unknown {
  if (body[0] !== 0x7b) return undefined;
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
