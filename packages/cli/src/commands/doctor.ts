/** `stadion doctor`: checks what usually stands in the way, and says what to do about it. */
import { PlatformError } from '@stadion/base';
import type { StateSlave } from '@stadion/contract/mesos-state';
import { containerizersOf, isNodeWell } from '../core/nodes.ts';
import { safeText } from '../core/safe-text.ts';
import { plural } from '../core/why.ts';
import { EXIT } from '../exit-codes.ts';
import type { Style } from '../output/style.ts';
import { findLocalProcesses } from '../platform/platform-file.ts';
import type { Session } from '../platform/session.ts';
import type { CommandSpec } from './command.ts';
import { checkClocks } from './doctor-clocks.ts';
import { checkCertificates } from './doctor-certificates.ts';

/** What one check found. */
interface Finding {
  readonly check: string;
  readonly result: 'ok' | 'warn' | 'fail';
  readonly message: string;
}

/** The command. */
export const doctorCommands: readonly CommandSpec[] = [
  {
    path: 'doctor',
    summary: 'check this machine and the platform, and say what to do: exit code 1 when something fails',
    async run(call) {
      const { printer } = call.session;
      const findings = await examine(call.session);
      printer.answer(findings, () =>
        findings.map(
          ({ check, result, message }) =>
            `${printer.paint(STYLES[result], result.padEnd(4))}  ${printer.paint('heading', check)}: ${safeText(message)}`,
        ),
      );
      return findings.some(({ result }) => result === 'fail') ? EXIT.error : EXIT.ok;
    },
  },
];

const STYLES: Readonly<Record<Finding['result'], Style>> = { ok: 'good', warn: 'busy', fail: 'bad' };

/** The oldest Node that the platform runs on. */
const NODE_MIN = [20, 19] as const;
const FREE_BYTES_WARN = 5 * 1024 ** 3;
const FREE_BYTES_FAIL = 256 * 1024 ** 2;

async function examine(session: Session): Promise<Finding[]> {
  const machine = [checkNode(session.machine.nodeVersion), await checkDataDirectory(session), await checkDisk(session)];
  const platform = await checkOrchestrator(session);
  const isRunning = platform.some(({ result }) => result === 'ok');
  if (isRunning) {
    const certificates = (await checkCertificates(session)).map((found) => ({ check: 'certificates', ...found }));
    return [...machine, ...platform, ...(await checkAgents(session)), ...certificates];
  }
  return [...machine, ...(await checkPorts(session)), ...platform];
}

function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const isNew = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
  return isNew
    ? ok('Node.js', version)
    : fail('Node.js', `${version} is too old. Install ${NODE_MIN.join('.')} or newer.`);
}

async function checkDataDirectory({ machine, dataDirectory }: Session): Promise<Finding> {
  const problem = await machine.findWriteProblem(dataDirectory);
  if (problem !== undefined) {
    return fail('data directory', `${dataDirectory} cannot be written to: ${problem}. Choose another with --data-dir.`);
  }
  const local = await findLocalProcesses(machine, dataDirectory).catch((error: unknown) =>
    error instanceof PlatformError ? error : undefined,
  );
  if (local instanceof PlatformError) return warn('data directory', local.message);
  const [holder] = local?.alive ?? [];
  const [former] = local?.dead ?? [];
  if (holder !== undefined) {
    return ok('data directory', `${dataDirectory} is held by the platform that runs as process ${holder.pid}`);
  }
  return former === undefined
    ? ok('data directory', `${dataDirectory} can be written to and is free`)
    : ok(
        'data directory',
        `${dataDirectory} is free; the platform that ran as process ${former.pid} did not end by itself`,
      );
}

async function checkDisk({ machine, dataDirectory }: Session): Promise<Finding> {
  try {
    const { freeBytes, totalBytes } = await machine.diskSpace(dataDirectory);
    const text = `${gibibytes(freeBytes)} of ${gibibytes(totalBytes)} GiB free`;
    if (freeBytes < FREE_BYTES_FAIL) return fail('disk space', `${text}. Make room, or choose another --data-dir.`);
    return freeBytes < FREE_BYTES_WARN
      ? warn('disk space', `${text}; sandboxes may need more`)
      : ok('disk space', text);
  } catch (error) {
    return warn('disk space', `unknown: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function checkPorts({ machine }: Session): Promise<Finding[]> {
  const wanted = [
    { port: 8080, flag: '--orchestrator-port' },
    { port: 5050, flag: '--master-port' },
    { port: 5051, flag: '--agent-port' },
  ];
  const findings: Finding[] = [];
  for (const { port, flag } of wanted) {
    const problem = await machine.findPortProblem('127.0.0.1', port);
    findings.push(
      problem === undefined
        ? ok(`port ${port}`, 'free')
        : warn(`port ${port}`, `${problem}. Start with ${flag} and another port (0: a free one).`),
    );
  }
  return findings;
}

/** The platform's API, its leader, and its store as far as it shows. */
async function checkOrchestrator(session: Session): Promise<Finding[]> {
  const client = await session.orchestrator();
  const before = session.time.now();
  try {
    await client.ping();
  } catch (error) {
    const { source } = await session.locate();
    if (source === 'default') {
      return [warn('orchestrator', `none runs at ${client.baseUrl}. Start one with: stadion up`)];
    }
    return [fail('orchestrator', error instanceof Error ? error.message : String(error))];
  }
  const findings = [
    ok('orchestrator', `answers at ${client.baseUrl} in ${Math.max(0, session.time.now() - before)} ms`),
  ];
  const leader = await client.getLeader().catch(() => undefined);
  findings.push(
    leader === undefined
      ? fail(
          'leader',
          'nobody leads, so nothing can be changed. Is the store reachable? Look into the log of the platform.',
        )
      : ok('leader', leader.leader),
  );
  try {
    await client.getGroup();
    findings.push(ok('store', 'state has been loaded'));
  } catch (error) {
    findings.push(fail('store', error instanceof Error ? error.message : String(error)));
  }
  return findings;
}

async function checkAgents(session: Session): Promise<Finding[]> {
  let slaves: readonly StateSlave[];
  try {
    const master = await session.master();
    slaves = (await master.slaves()).slaves;
  } catch (error) {
    return [fail('master', error instanceof Error ? error.message : String(error))];
  }
  const active = slaves.filter(isNodeWell);
  const findings: Finding[] = [ok('master', 'answers')];
  if (slaves.length === 0) {
    findings.push(fail('agents', 'none has registered, so nothing can run. Look into the log of the agent.'));
  } else if (active.length < slaves.length) {
    findings.push(warn('agents', `${active.length} of ${slaves.length} are active. See: stadion node list`));
  } else findings.push(ok('agents', plural(active.length, 'agent')));
  findings.push(...checkContainerizers(active));
  if (slaves.length > 0) findings.push({ check: 'clock', ...(await checkClocks(session, active)) });
  return findings;
}

/** What becomes of apps when no agent has a containerizer. */
const WITHOUT = {
  posix: 'apps with a plain command wait where linux does not work either',
  linux: 'commands run without isolation, and apps with an image of type MESOS wait',
  docker: 'apps with a Docker image wait',
} as const;

/** What can run, and why something else cannot. */
function checkContainerizers(slaves: readonly StateSlave[]): Finding[] {
  const findings: Finding[] = [];
  for (const name of ['posix', 'linux', 'docker'] as const) {
    const having = slaves.filter((slave) => containerizersOf(slave).includes(name)).length;
    if (having > 0) findings.push(ok(`containerizer ${name}`, `works on ${plural(having, 'agent')}`));
    else if (slaves.length > 0) {
      const reason = slaves
        .map((slave) => slave.containerizer_problems?.[name])
        .find((problem) => problem !== undefined);
      const cause = reason === undefined ? '' : `: ${reason}`;
      findings.push(warn(`containerizer ${name}`, `no agent has it, ${WITHOUT[name]}${cause}`));
    }
  }
  return findings;
}

function gibibytes(bytes: number): string {
  return (bytes / 1024 ** 3).toFixed(1);
}

function ok(check: string, message: string): Finding {
  return { check, result: 'ok', message };
}

function warn(check: string, message: string): Finding {
  return { check, result: 'warn', message };
}

function fail(check: string, message: string): Finding {
  return { check, result: 'fail', message };
}
