/** Commands inside a running container, by the Engine's exec. */
import { PassThrough } from 'node:stream';
import { delay, type Timers } from '@stadion/base';
import type Docker from 'dockerode';
import { exitFromShellStatus, type ContainerExit } from '../../core/container.ts';
import type { ExecOutcome, ExecRequest, TerminalSize } from '../../ports/containerizer.ts';
import { killTree } from '../process-tree.ts';
import { nameFailure } from './failures.ts';

/** The Engine knows the exit status a moment after the output has ended. */
const EXIT_POLL_MS = 20;
const EXIT_POLLS_MAX = 500;

/** Starts a command in a container. @param dockerId the Engine's id of the container; undefined when it does not run */
export async function startExec(
  docker: Docker,
  timers: Timers,
  dockerId: string | undefined,
  request: ExecRequest,
): Promise<ExecOutcome> {
  if (dockerId === undefined) return { ok: false, message: 'The container does not run' };
  const { terminal } = request;
  try {
    const exec = await docker.getContainer(dockerId).exec({
      Cmd: [...request.argv],
      Env: Object.entries(request.environment).map(([name, value]) => `${name}=${value}`),
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      Tty: terminal !== undefined,
      ...(request.user === undefined ? {} : { User: request.user }),
      ...(request.directory === undefined ? {} : { WorkingDir: request.directory }),
    });
    const stream = await exec.start({ hijack: true, stdin: true, Tty: terminal !== undefined });
    let resized: Promise<unknown> = Promise.resolve();
    const resize = (size: TerminalSize): void => {
      // One after the other, so that the last one counts. A command that has just ended cannot be resized, and need not.
      resized = resized.then(() => exec.resize({ h: size.rows, w: size.columns })).catch(() => undefined);
    };
    if (terminal !== undefined) resize(terminal);
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    if (terminal === undefined) docker.modem.demuxStream(stream, stdout, stderr);
    else stream.pipe(stdout);
    const closed = new Promise<void>((resolve) => {
      stream.once('close', resolve);
      stream.once('end', resolve);
      stream.once('error', () => resolve());
    });
    const exit = closed.then(async () => {
      stdout.end();
      stderr.end();
      return waitForExit(exec, timers);
    });
    return {
      ok: true,
      session: {
        stdin: stream,
        stdout,
        stderr,
        exit,
        resize,
        kill: () => {
          void exec
            .inspect()
            .then(({ Pid, Running }) => {
              if (Running && Pid > 0) killTree(Pid);
            })
            .catch(() => undefined)
            .then(() => stream.destroy());
        },
      },
    };
  } catch (error) {
    return { ok: false, message: nameFailure(error, `starting ${request.argv[0] ?? 'a command'}`).message };
  }
}

async function waitForExit(exec: Docker.Exec, timers: Timers): Promise<ContainerExit> {
  for (let poll = 0; poll < EXIT_POLLS_MAX; poll += 1) {
    const info = await exec.inspect().catch(() => undefined);
    if (info === undefined) break;
    if (!info.Running && info.ExitCode !== null) return exitFromShellStatus(info.ExitCode);
    await delay(timers, EXIT_POLL_MS);
  }
  return { kind: 'unknown', message: 'The connection to the command broke off; its exit status is not known' };
}
