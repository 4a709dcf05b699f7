/** What a running task writes from now on, as a session: read from its sandbox, whatever it runs in; and its input. */
import { PassThrough } from 'node:stream';
import { delay, type Timers } from '@stadion/base';
import { roomIn } from '@stadion/base/stream-room';
import type { AgentView } from '../agent-view.ts';
import type { ContainerExit } from '../core/container.ts';
import type { Task } from '../core/task.ts';
import type { AttachedInput, ExecSession } from '../ports/containerizer.ts';
import { openInside } from '@stadion/base/virtual-files';

const POLL_MS = 150;
/** While somebody types, who waits to see it. */
const TYPING_POLL_MS = 20;
const CHUNK_BYTES = 64 * 1024;

/**
 * Ends with the task, whose end is the session's; ended before, it leaves the task alone.
 * @param input of the task's own command; without it, what is sent is thrown away
 */
export async function attachToOutput(
  agent: AgentView,
  task: Task,
  timers: Timers,
  input?: AttachedInput,
): Promise<ExecSession> {
  const directory = agent.sandboxOf(task);
  const outputs = [new Output(directory, 'stdout'), new Output(directory, 'stderr')] as const;
  for (const output of outputs) await output.skip();
  let isLeft = false;

  async function follow(): Promise<ContainerExit> {
    for (;;) {
      // Looked at first, so that what was written before the end is read.
      const goesOn = !isLeft && runs(agent, task);
      for (const output of outputs) await output.copy();
      if (!goesOn) break;
      await delay(timers, input === undefined ? POLL_MS : TYPING_POLL_MS);
    }
    for (const { stream } of outputs) stream.end();
    input?.stdin.destroy();
    return endOf(agent, task);
  }

  return {
    stdin: input?.stdin ?? nowhere(),
    stdout: outputs[0].stream,
    stderr: outputs[1].stream,
    exit: follow(),
    resize: (size) => input?.resize(size),
    kill: () => {
      isLeft = true;
      // Whoever waits for room waits no longer.
      for (const { stream } of outputs) stream.destroy();
      input?.stdin.destroy();
    },
  };
}

/** Whoever types is not held back, or its end would not be noticed. */
function nowhere(): PassThrough {
  const stdin = new PassThrough();
  stdin.resume();
  return stdin;
}

/** One file that a task writes to. It is opened anew for each look: it may be cut, or exchanged, meanwhile. */
class Output {
  readonly stream = new PassThrough();
  private readonly directory: string;
  private readonly name: string;
  private position = 0;

  constructor(directory: string, name: string) {
    this.directory = directory;
    this.name = name;
  }

  /** What is there is not wanted. */
  async skip(): Promise<void> {
    const opened = await openInside(this.directory, [this.name]).catch(() => undefined);
    if (opened === undefined) return;
    this.position = (await opened.file.stat()).size;
    await opened.file.close();
  }

  /** Passes on what was written since. */
  async copy(): Promise<void> {
    const opened = await openInside(this.directory, [this.name]).catch(() => undefined);
    if (opened === undefined) return;
    try {
      const facts = await opened.file.stat();
      if (!facts.isFile()) return;
      // A log that was rotated begins again.
      if (facts.size < this.position) this.position = 0;
      while (this.position < facts.size && !this.stream.destroyed) {
        const { bytesRead, buffer } = await opened.file.read(
          Buffer.allocUnsafe(CHUNK_BYTES),
          0,
          CHUNK_BYTES,
          this.position,
        );
        if (bytesRead === 0) return;
        this.position += bytesRead;
        await this.write(buffer.subarray(0, bytesRead));
      }
    } finally {
      await opened.file.close();
    }
  }

  private async write(bytes: Uint8Array): Promise<void> {
    const { stream } = this;
    if (stream.write(bytes)) return;
    await roomIn(stream);
  }
}

function runs(agent: AgentView, { frameworkId, info, containerId }: Task): boolean {
  const task = agent.findTask(frameworkId, info.task_id.value)?.task;
  return task?.containerId === containerId && (task.phase === 'running' || task.phase === 'killing');
}

function endOf(agent: AgentView, { frameworkId, info }: Task): ContainerExit {
  const status = agent.findTask(frameworkId, info.task_id.value)?.task.latest;
  if (status?.state === 'TASK_FINISHED') return { kind: 'exited', code: 0 };
  return { kind: 'unknown', message: status?.message ?? 'The task ended' };
}
