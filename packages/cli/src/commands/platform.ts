/** `stadion up|server|agent|join|token|down|version`: the platform on this machine. */
import { PlatformError, errorCode } from '@stadion/base';
import {
  resolveServerConfig,
  serverOptions,
  type PlatformFile,
  type PlatformRole,
  type ServerConfig,
} from '@stadion/contract';
import { formatDuration } from '../core/durations.ts';
import { safeText } from '../core/safe-text.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { waitFor, withDeadline } from '../follow/waiting.ts';
import { limits } from '../limits.ts';
import { readDocument } from '../platform/input.ts';
import { findLocalProcesses, isAlive, platformFilePath } from '../platform/platform-file.ts';
import type { PlatformStart } from '../platform/ports.ts';
import type { Session } from '../platform/session.ts';
import { usageError } from '../report-error.ts';
import type { CommandCall, CommandSpec, OptionSpec } from './command.ts';

/** Settings that are options of every command anyway. */
const COMMON_SETTINGS: readonly string[] = ['dataDir', 'secretFile'];

/** Flags of a role, from the schema of the settings. */
function roleOptions(role: PlatformRole): readonly OptionSpec[] {
  const settings = serverOptions
    .filter(({ name, roles }) => roles.includes(role) && !COMMON_SETTINGS.includes(name))
    .map(({ flag, valueName, description, defaultValue, environment }) => {
      const fallback = defaultValue === undefined || defaultValue === false ? '' : `, default ${String(defaultValue)}`;
      return {
        flags: valueName === undefined ? `--${flag}` : `--${flag} <${valueName}>`,
        description: `${description} [${environment}${fallback}]`,
      };
    });
  return [...settings, { flags: '--config <file>', description: 'settings from a JSON or YAML file [STADION_CONFIG]' }];
}

/** The commands. */
export const platformCommands: readonly CommandSpec[] = [
  {
    path: 'up',
    summary: 'start the platform here and stay with it until Ctrl-C; tasks run on',
    options: roleOptions('up'),
    examples: ['stadion up', 'stadion up --orchestrator-port 0 --master-port 0 --agent-port 0 --addresses-file a.json'],
    run: (call) => startRole(call, { role: 'up' }),
  },
  {
    path: 'server',
    summary: 'run the control plane here, beside others: one leads, the rest stand by',
    options: roleOptions('server'),
    examples: ['stadion server --zk zk://a,b,c/stadion --bind-address 10.0.0.1 --secret-file /etc/stadion/secret'],
    run: (call) => startRole(call, { role: 'server' }),
  },
  {
    path: 'agent',
    summary: 'run tasks here for a cluster that is led elsewhere',
    options: roleOptions('agent'),
    examples: ['stadion agent --zk zk://a,b,c/stadion --bind-address 10.0.0.2 --secret-file /etc/stadion/secret'],
    run: (call) => startRole(call, { role: 'agent' }),
  },
  {
    path: 'orchestrator',
    summary: 'run apps as a framework of a master that runs elsewhere, over its HTTP API',
    options: roleOptions('orchestrator'),
    examples: ['stadion orchestrator --master http://10.0.0.1:5050'],
    run: (call) => startRole(call, { role: 'orchestrator' }),
  },
  {
    path: 'edge',
    summary: 'carry requests from outside to the apps of orchestrators that run elsewhere',
    options: roleOptions('edge'),
    examples: ['stadion edge --marathon http://10.0.0.1:8080', 'stadion edge --edge-routes routes.json'],
    run: (call) => startRole(call, { role: 'edge' }),
  },
  {
    path: 'join',
    arguments: '<token>',
    summary: 'bring this machine into a cluster: stadion agent, with what the token says',
    options: roleOptions('agent'),
    examples: ['stadion join "$(ssh server stadion token)"'],
    run: (call) => startRole(call, { role: 'agent', joinToken: call.argument(0) }),
  },
  {
    path: 'dns',
    summary: 'run the name server here, for a cluster of ours or any Mesos; and see below',
    options: roleOptions('dns'),
    examples: ['stadion dns --master http://10.0.0.1:5050 --bind-address 10.0.0.2 --secret-file secret'],
    run: (call) => startRole(call, { role: 'dns' }),
  },
  {
    path: 'token',
    summary: 'print the token with which other machines join; who has it may do everything',
    async run(call) {
      const { session } = call;
      const path = `${session.dataDirectory}/join-token`;
      let token: string;
      try {
        token = (await session.machine.readFile(path, limits.secretBytes)).trim();
      } catch (error) {
        throw new PlatformError(
          'token-missing',
          `There is no ${path}. A server or platform that was started here with --secret-file has one.`,
          { cause: error },
        );
      }
      session.printer.answer({ token }, () => [token], [token]);
      return EXIT.ok;
    },
  },
  {
    path: 'down',
    summary: 'stop the platform of the data directory; tasks run on, unless --tasks',
    options: [
      { flags: '--tasks', description: 'stop all tasks as well' },
      { flags: '--timeout <duration>', description: 'how long to wait (default: 60s, then exit code 3)' },
    ],
    async run(call) {
      const { session } = call;
      const { printer, machine } = session;
      const { alive, dead } = await findLocalProcesses(machine, session.dataDirectory);
      if (alive.length === 0) {
        const path = platformFilePath(session.dataDirectory);
        const hasDied = dead.length > 0;
        const reason = hasDied
          ? `that of ${session.dataDirectory} has ended without being told to`
          : `there is no ${path}`;
        printer.remark(`No platform runs here: ${reason}.`);
        if (hasDied) {
          printer.remark('Its tasks may still run. To stop them, start it again and then: stadion down --tasks');
        }
        printer.answer({ stopped: false }, () => []);
        return EXIT.ok;
      }
      const pids = alive.map(({ pid }) => pid);
      const processes = `process${pids.length === 1 ? '' : 'es'} ${pids.join(', ')}`;
      await stop(session, alive, call.isSet('tasks'), call.duration('timeout') ?? limits.stopTimeoutMs);
      printer.answer({ stopped: true, pid: pids[0], pids }, () => [`Stopped the platform (${processes}).`]);
      return EXIT.ok;
    },
  },
  {
    path: 'version',
    summary: 'print the version of this command and of the platform',
    async run(call) {
      const { printer, ports } = call.session;
      const { url } = await call.session.locate();
      // A platform that is not running has no version; this command has one all the same.
      const info = await (await call.session.orchestrator()).info().catch(() => undefined);
      const server = typeof info?.version === 'string' ? info.version : undefined;
      printer.answer(
        { client: ports.version, server: server ?? null, url },
        () => [
          `stadion ${ports.version}`,
          server === undefined ? `no platform at ${url}` : `platform ${safeText(server)} at ${url}`,
        ],
        [ports.version],
      );
      return EXIT.ok;
    },
  },
];

async function startRole(call: CommandCall, start: PlatformStart): Promise<ExitCode> {
  const { startPlatform } = call.session.ports;
  if (startPlatform === undefined) {
    throw new PlatformError('platform-missing', 'This is the client alone: it cannot start a platform.');
  }
  return (await startPlatform(await readConfig(call), start)) as ExitCode;
}

async function readConfig(call: CommandCall): Promise<ServerConfig> {
  const { machine, environment } = { machine: call.session.machine, environment: call.session.ports.environment };
  const path = call.text('config') ?? environment.STADION_CONFIG;
  const file = path === undefined || path === '' ? undefined : await readDocument(machine, path);
  const outcome = resolveServerConfig({ flags: call.allOptions(), environment, file });
  if (!outcome.ok) throw usageError(`Cannot start: ${outcome.problems.join('; ')}.`);
  return outcome.config;
}

/** SIGTERM ends the platform and leaves tasks alone; SIGUSR2 ends both. */
async function stop(
  session: Session,
  files: readonly PlatformFile[],
  withTasks: boolean,
  timeoutMs: number,
): Promise<void> {
  const { printer, machine, time } = session;
  for (const { pid } of files) signal(machine, pid, withTasks ? 'SIGUSR2' : 'SIGTERM');
  printer.remark(withTasks ? 'Stopping the platform and all its tasks …' : 'Stopping the platform; tasks run on …');
  const deadline = withDeadline(time, session.ports.interruption(), timeoutMs, () => {
    const pid = files.find((file) => isAlive(machine, file))?.pid ?? files[0]?.pid ?? 0;
    return new PlatformError(
      'wait-timed-out',
      `Process ${pid} still runs after ${formatDuration(timeoutMs)}. Look into its log, or end it with: kill -9 ${pid}`,
    );
  });
  try {
    while (files.some((file) => isAlive(machine, file))) await waitFor(time, limits.stopPollMs, deadline.signal);
  } finally {
    deadline.end();
  }
}

/** @throws PlatformError `stop-refused`; a process that has ended meanwhile is none */
function signal(machine: Session['machine'], pid: number, name: 'SIGTERM' | 'SIGUSR2'): void {
  try {
    machine.signal(pid, name);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return;
    throw new PlatformError(
      'stop-refused',
      `Not allowed to stop process ${pid}. Run this as the user who started the platform.`,
      { cause: error },
    );
  }
}
