/**
 * The calls of Mesos's agent API (`/api/v1`) that work inside containers: sessions, their input and their fate, the output of
 * tasks, and which containers there are.
 */
import { PassThrough, type Readable } from 'node:stream';
import { delay, describeError, every, type Timers } from '@stadion/base';
import { roomIn } from '@stadion/base/stream-room';
import { RecordReader, type Codec } from '@stadion/contract/mesos-wire';
import { decodeTerminalSize } from '@stadion/contract/task-session';
import type { FastifyReply } from 'fastify';
import type { AgentView } from '../../agent-view.ts';
import { waitStatus } from '../../core/container.ts';
import { containerNameOf } from '../../core/pod.ts';
import type { Task } from '../../core/task.ts';
import { RECORD_BYTES_MAX } from '../../limits.ts';
import type { AttachedInput, ExecSession, TerminalSize } from '../../ports/containerizer.ts';
import { attachToOutput } from '../attached-output.ts';
import type { StatisticsSource } from '../statistics.ts';
import { streamHeaders, type MediaTypes } from './media-types.ts';
import { NestedSessions, type NestedSession } from './nested-sessions.ts';
import {
  containerIdOf,
  heartbeatRecord,
  member,
  outputRecord,
  readCommand,
  readContainerId,
  readInputMessage,
  type InputMessage,
} from './process-io.ts';
import { refuse, type Refusal } from './refusal.ts';

const HEARTBEAT_MS = 30_000;
const TASK_POLL_MS = 500;
const SIZE_DEFAULT: TerminalSize = { rows: 24, columns: 80 };
const SIGKILL = 9;

/** What the calls work with. */
export interface ContainerCallParts {
  readonly agent: AgentView;
  readonly timers: Timers;
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

/** The calls of one agent, with the sessions that they begin. */
export class ContainerCalls {
  private readonly agent: AgentView;
  private readonly timers: Timers;
  private readonly sessions = new NestedSessions();

  constructor({ agent, timers }: ContainerCallParts) {
    this.agent = agent;
    this.timers = timers;
  }

  /** `LAUNCH_NESTED_CONTAINER_SESSION`: answers with what the command writes. */
  async launch(content: unknown, reply: FastifyReply, media: MediaTypes): Promise<FastifyReply> {
    const id = readContainerId(member(content, 'container_id'));
    const command = readCommand(member(content, 'command'));
    if (id === undefined) {
      return refuse(reply, { status: 400, message: 'A session needs a container_id with a parent, and a command.' });
    }
    if (typeof command === 'string') return refuse(reply, { status: 400, message: command });
    const task = this.taskOf(id.slice(0, Math.max(0, id.lastIndexOf('.'))));
    if (task === undefined) return refuse(reply, noContainer(`the parent of ${id}`));
    // As in Mesos: there is one of that name, and this one is not begun.
    if (this.sessions.get(id) !== undefined) return reply.code(202).send('');
    if (!this.sessions.makeRoom()) return refuse(reply, { status: 429, message: 'Too many sessions are open.' });
    const terminal = terminalOf(member(content, 'container'));
    const outcome = await this.agent.exec(task, { ...command, ...(terminal === undefined ? {} : { terminal }) });
    if (!outcome.ok) return refuse(reply, { status: 400, message: outcome.message });
    // Somebody else may have been faster with the same name.
    if (this.sessions.get(id) !== undefined) {
      outcome.session.kill();
      return reply.code(202).send('');
    }
    this.sessions.add(id, outcome.session);
    return this.stream(outcome.session, reply, media);
  }

  /** `ATTACH_CONTAINER_OUTPUT`: answers with what a task writes from now on. */
  async attachOutput(content: unknown, reply: FastifyReply, media: MediaTypes): Promise<FastifyReply> {
    const id = readContainerId(member(content, 'container_id')) ?? '';
    if (this.sessions.get(id) !== undefined) {
      return refuse(reply, { status: 409, message: 'The output of a session goes to whoever began it.' });
    }
    const task = this.taskOf(id);
    if (task === undefined) return refuse(reply, noContainer(id));
    return this.stream(await attachToOutput(this.agent, task, this.timers), reply, media);
  }

  /** Sends what a session writes until it ends; when the reader goes away before, it is ended. */
  private stream(session: ExecSession, reply: FastifyReply, media: MediaTypes): FastifyReply {
    const { answer: codec } = media;
    const output = new PassThrough();
    const beat = (): boolean => output.write(heartbeatRecord(codec, HEARTBEAT_MS));
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
    const copied = [copy(session.stdout, 'STDOUT', output, codec), copy(session.stderr, 'STDERR', output, codec)];
    void Promise.allSettled([session.exit, ...copied]).then(() => output.end());
    return reply.code(200).headers(streamHeaders(media)).send(output);
  }

  /**
   * `ATTACH_CONTAINER_INPUT`: answers as soon as the input is at its end, or the command, or a message is none; the rest is
   * let pass.
   */
  async attachInput(body: Readable, reply: FastifyReply, media: MediaTypes): Promise<FastifyReply> {
    const refusal = await new Promise<Refusal | undefined>((resolve) => {
      this.takeInput(body, media.call, resolve).then(
        () => resolve(undefined),
        (error: unknown) => resolve({ status: 400, message: describeError(error) }),
      );
    });
    reply.header('connection', 'close');
    return refusal === undefined ? reply.code(200).send('') : refuse(reply, refusal);
  }

  private async takeInput(body: Readable, codec: Codec, finish: (refusal?: Refusal) => void): Promise<void> {
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
          const message = readInputMessage(codec, bytes);
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

  /** How a session ended, or a task, once it has. @param isLeft whether whoever waits has gone away */
  async wait(content: unknown, isLeft: () => boolean): Promise<object | Refusal> {
    const id = readContainerId(member(content, 'container_id')) ?? '';
    const nested = this.sessions.get(id);
    if (nested !== undefined) {
      const status = waitStatus(await nested.session.exit);
      return status === undefined ? {} : { exit_status: status };
    }
    const task = this.taskOf(id);
    return task === undefined ? noContainer(id) : this.endOf(task, isLeft);
  }

  /** `SIGKILL` to a session. */
  kill(content: unknown): Refusal | undefined {
    const signal = Number(member(content, 'signal') ?? SIGKILL);
    return this.withSession(content, ({ session }) => {
      const message = `Sessions are ended by SIGKILL (${String(SIGKILL)}) only.`;
      if (signal !== SIGKILL) return { status: 400, message };
      session.kill();
      return undefined;
    });
  }

  /** Forgets a session that has ended. */
  remove(content: unknown): Refusal | undefined {
    return this.withSession(content, ({ exit }, id) => {
      if (exit === undefined) return { status: 400, message: `The container ${id} has not ended yet.` };
      this.sessions.remove(id);
      return undefined;
    });
  }

  /** `Response.GetContainers`: those of tasks, and sessions inside them where the call wants to see them. */
  async list(content: unknown, statistics: StatisticsSource): Promise<object> {
    const { executors, nested } = await statistics.measured();
    const containers: object[] = executors.map((line) => ({
      framework_id: { value: line.framework_id },
      executor_id: { value: line.executor_id },
      executor_name: line.executor_name,
      container_id: { value: line.container_id },
      container_status: line.status,
      resource_statistics: line.statistics,
    }));
    const wantsNested = [true, 'true'].includes(member(content, 'show_nested') as boolean | string);
    if (wantsNested) {
      for (const { status, statistics: resource_statistics } of nested) {
        containers.push({ container_id: status['container_id'], container_status: status, resource_statistics });
      }
      for (const id of this.sessions.living()) containers.push({ container_id: containerIdOf(id) });
    }
    return { containers };
  }

  private withSession(
    content: unknown,
    act: (nested: NestedSession, id: string) => Refusal | undefined,
  ): Refusal | undefined {
    const id = readContainerId(member(content, 'container_id')) ?? '';
    const nested = this.sessions.get(id);
    if (nested !== undefined) return act(nested, id);
    return this.taskOf(id) === undefined ? noContainer(id) : belongsToTask(id);
  }

  private async endOf({ frameworkId, info, containerId }: Task, isLeft: () => boolean): Promise<object> {
    while (!isLeft()) {
      const task = this.agent.findTask(frameworkId, info.task_id.value)?.task;
      if (task === undefined || task.containerId !== containerId) return {};
      if (task.phase === 'ended') {
        const { state = 'TASK_LOST', reason, message } = task.latest ?? {};
        return {
          ...(state === 'TASK_FINISHED' ? { exit_status: 0 } : {}),
          state,
          ...(reason === undefined ? {} : { reason }),
          ...(message === undefined ? {} : { message }),
        };
      }
      await delay(this.timers, TASK_POLL_MS);
    }
    return {};
  }

  /** The running task of a container, by the innermost name of its id. */
  private taskOf(id: string): Task | undefined {
    const name = id.slice(id.lastIndexOf('.') + 1);
    for (const task of this.agent.tasks()) {
      if (containerNameOf(task) === name && (task.phase === 'running' || task.phase === 'killing')) return task;
    }
    return undefined;
  }
}

async function copy(stream: Readable, type: 'STDOUT' | 'STDERR', output: PassThrough, codec: Codec): Promise<void> {
  for await (const chunk of stream) {
    if (output.destroyed) return;
    if (Buffer.isBuffer(chunk) && !output.write(outputRecord(codec, type, chunk))) await roomIn(output);
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

function noContainer(id: string): Refusal {
  return { status: 404, message: `No container ${id} runs here.` };
}

function belongsToTask(id: string): Refusal {
  return { status: 400, message: `The container ${id} belongs to a task: its framework ends it.` };
}
