/** `stadion exec|attach|cp|port-forward`: into running tasks. */
import { basename, dirname } from 'node:path';
import { joinStreams } from '@stadion/base/join-streams';
import { PORT_PROTOCOL } from '@stadion/contract/task-session';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { TaskCommand } from '../follow/task-command.ts';
import { usageError } from '../report-error.ts';
import type { CommandCall, CommandSpec } from './command.ts';
import { findTaskIds } from './task.ts';

const TERMINAL_DEFAULT = { rows: 24, columns: 80 };
/** Ctrl-P Ctrl-Q lets go of a task and leaves it alone, as with Docker. */
const DETACH_KEYS = Buffer.from([0x10, 0x11]);

/** The commands. */
export const execCommands: readonly CommandSpec[] = [
  {
    path: 'exec',
    arguments: '<task> <command...>',
    summary: 'run a command inside a running task',
    completes: 'task',
    options: [
      { flags: '-i, --interactive', description: 'pass input on' },
      { flags: '-t, --tty', description: 'give it a terminal' },
    ],
    examples: ['stadion exec -it web -- sh', 'stadion exec web -- cat /etc/hosts'],
    run: exec,
  },
  {
    path: 'attach',
    arguments: '<task>',
    summary: 'show what a running task writes, from now on until it ends',
    completes: 'task',
    options: [
      { flags: '-i, --interactive', description: 'pass input on; the task needs a terminal: "tty": true' },
      { flags: '-t, --tty', description: 'pass keys on as they are pressed, and the size of this terminal' },
    ],
    examples: ['stadion attach web', 'stadion attach -it shell   # Ctrl-P Ctrl-Q lets go of it'],
    run: attach,
  },
  {
    path: 'cp',
    arguments: '<from> <to>',
    summary: 'copy files out of a task or into it; it needs tar inside',
    examples: ['stadion cp web:/var/log/app.log .', 'stadion cp ./settings.json web:/tmp/'],
    run: copy,
  },
  {
    path: 'port-forward',
    arguments: '<task> <port>',
    summary: 'make a port of a task reachable on this machine: <local>:<port>, or <port> for both',
    completes: 'task',
    examples: ['stadion port-forward web 9000:8080'],
    run: forward,
  },
];

async function exec(call: CommandCall): Promise<ExitCode> {
  const [name = '', ...argv] = call.arguments;
  const taskId = await findTask(call, name);
  const { streams } = call.session;
  const { input } = streams;
  const wantsTerminal = call.isSet('tty');
  const request = wantsTerminal ? { argv, terminal: TERMINAL_DEFAULT } : { argv };
  const command = await TaskCommand.start(call.session, taskId, request, (target, bytes) => {
    streams.write(target, bytes);
  });
  return withTerminal(call, command, () => {
    if (call.isSet('interactive')) void command.send(input.stream);
    else command.endInput();
    return command.exit;
  });
}

/** As long as something runs, keys go to the command as they are pressed, and it hears of the size of this terminal. */
async function withTerminal(
  call: CommandCall,
  command: TaskCommand,
  run: () => Promise<number | undefined>,
): Promise<ExitCode> {
  const { input, ...streams } = call.session.streams;
  const wantsTerminal = call.isSet('tty');
  const isRaw = wantsTerminal && call.isSet('interactive') && input.isTerminal;
  const stopWatching = wantsTerminal ? streams.watchSize((size) => command.resize(size)) : () => undefined;
  if (isRaw) input.setRaw(true);
  try {
    return toExitCode(await run());
  } finally {
    if (isRaw) input.setRaw(false);
    stopWatching();
  }
}

async function attach(call: CommandCall): Promise<ExitCode> {
  const taskId = await findTask(call, call.argument(0));
  const { streams } = call.session;
  const wantsInput = call.isSet('interactive');
  const command = await TaskCommand.attach(call.session, taskId, { wantsInput }, (target, bytes) => {
    streams.write(target, bytes);
  });
  return withTerminal(call, command, () => {
    if (!wantsInput) return command.exit;
    return Promise.race([command.exit, sendUntilDetached(command, streams.input.stream)]);
  });
}

/** The end of what is typed here is not the end of the task's input. @returns 0 when the keys that let go were pressed */
async function sendUntilDetached(command: TaskCommand, input: AsyncIterable<unknown>): Promise<number | undefined> {
  let isHalfway = false;
  for await (const chunk of input) {
    if (!(chunk instanceof Uint8Array)) continue;
    const at = Buffer.from(chunk).indexOf(DETACH_KEYS);
    if (at !== -1 || (isHalfway && chunk[0] === DETACH_KEYS[1])) {
      if (at > 0) await command.write(chunk.subarray(0, at));
      command.leave();
      return EXIT.ok;
    }
    isHalfway = chunk.at(-1) === DETACH_KEYS[0];
    await command.write(chunk);
  }
  return command.exit;
}

async function copy(call: CommandCall): Promise<ExitCode> {
  const from = placeOf(call.argument(0));
  const to = placeOf(call.argument(1));
  if ((from.task === undefined) === (to.task === undefined)) {
    throw usageError('One side is a task, written TASK:PATH, and the other a path of this machine.');
  }
  const code = from.task === undefined ? await copyIn(call, from.path, to) : await copyOut(call, from, to.path);
  return toExitCode(code);
}

async function copyOut(call: CommandCall, from: Place, to: string): Promise<number | undefined> {
  const taskId = await findTask(call, from.task ?? '');
  const { streams } = call.session;
  const tar = streams.tar(['--extract', '--no-same-owner', '--directory', to, '--file', '-']);
  const argv = ['tar', '-c', '-f', '-', '-C', dirname(from.path), basename(from.path)];
  const command = await TaskCommand.start(call.session, taskId, { argv }, (target, bytes) => {
    if (target === 'stdout') tar.stdin.write(bytes);
    else streams.write(target, bytes);
  });
  command.endInput();
  const code = await command.exit;
  tar.stdin.end();
  const extracted = await tar.ended;
  return code === 0 ? extracted : code;
}

async function copyIn(call: CommandCall, from: string, to: Place): Promise<number | undefined> {
  const taskId = await findTask(call, to.task ?? '');
  const { streams } = call.session;
  const tar = streams.tar(['--create', '--file', '-', '--directory', dirname(from), basename(from)]);
  tar.stdin.end();
  const argv = ['tar', '-x', '-f', '-', '-C', to.path];
  const command = await TaskCommand.start(call.session, taskId, { argv }, (target, bytes) => {
    streams.write(target, bytes);
  });
  await command.send(tar.stdout);
  const [code, packed] = await Promise.all([command.exit, tar.ended]);
  return code === 0 ? packed : code;
}

async function forward(call: CommandCall): Promise<ExitCode> {
  const { session } = call;
  const { streams, printer } = session;
  const text = call.argument(1);
  const [local = text, remote = local] = text.split(':');
  if (![local, remote].every((port) => /^\d{1,5}$/.test(port))) {
    throw usageError(`'${text}' is no port: write 8080, or 9000:8080 for another one here.`);
  }
  const taskId = await findTask(call, call.argument(0));
  const signal = session.ports.interruption();
  const listening = await streams.listen(Number(local), (socket) => {
    socket.on('error', () => undefined);
    session
      .openTaskStream(taskId, `port?port=${remote}`, PORT_PROTOCOL)
      .then((other) => joinStreams(socket, other))
      .catch((error: unknown) => {
        printer.remark(error instanceof Error ? error.message : 'The connection was refused.');
        socket.destroy();
      });
  });
  printer.remark(`127.0.0.1:${listening.port} is port ${remote} of ${taskId}. Ctrl-C ends it.`);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  listening.close();
  return EXIT.ok;
}

interface Place {
  readonly task: string | undefined;
  readonly path: string;
}

/** `TASK:PATH`, or a path: one with a slash before the colon is always of this machine. */
function placeOf(text: string): Place {
  const colon = text.indexOf(':');
  const isTask = colon > 0 && !text.slice(0, colon).includes('/');
  return isTask ? { task: text.slice(0, colon), path: text.slice(colon + 1) } : { task: undefined, path: text };
}

async function findTask(call: CommandCall, name: string): Promise<string> {
  const [taskId = name] = await findTaskIds(await call.session.orchestrator(), [name]);
  return taskId;
}

/** The command's own status, as a shell passes it on; 1 when nobody knows it. */
function toExitCode(status: number | undefined): ExitCode {
  return (status ?? EXIT.error) as ExitCode;
}
