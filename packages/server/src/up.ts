/** `stadion up`, `server`, `agent` and `join`: starts the role, says where everything is, and runs until told to stop. */
import { delay, describeError, type Clock, type Timers } from '@stadion/base';
import type { PlatformRole, ServerConfig } from '@stadion/contract';
import { deployDemo, type DemoPlace } from './demo.ts';
import { EndSignals, type EndSignal } from './end-signals.ts';
import type { Platform } from './running-role.ts';
import { withPortsOf } from './same-ports.ts';
import { systemPorts } from './system-ports.ts';

/** Where `up` prints, and what it hears. */
export interface UpSurroundings {
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
}

/** What to run. */
export interface RoleStart {
  readonly role: PlatformRole;
  /** For an agent that joins a cluster. */
  readonly joinToken?: string;
}

/** This process's own. */
const terminal: UpSurroundings = {
  print: (text) => {
    process.stdout.write(`${text}\n`);
  },
  printError: (text) => {
    process.stderr.write(`${text}\n`);
  },
};

/** What made the platform stop. */
type Ending =
  | { readonly kind: 'signal'; readonly signal: EndSignal }
  | { readonly kind: 'failed'; readonly reason: unknown }
  /** It was asked to step down as the leader. Nobody else can lead, so it stops and takes over again. */
  | { readonly kind: 'abdicated' };

/**
 * Runs a role, or all of them, to the end. SIGINT, SIGTERM and SIGHUP end it, and its tasks where the configuration says so;
 * SIGUSR2 ends its tasks in any case.
 * @returns the exit code: 0 after a signal, 1 when it could not start or could not go on
 */
export async function runUp(
  config: ServerConfig,
  surroundings: UpSurroundings = terminal,
  start: RoleStart = { role: 'up' },
): Promise<number> {
  const { time } = systemPorts();
  // Before anything starts: a signal during the start ends it in order, too.
  const signals = new EndSignals(process, time);
  try {
    const ended = await Promise.race([run(config, start, surroundings, time, signals), signals.second]);
    if (typeof ended === 'number') return ended;
    surroundings.printError(UNFINISHED);
    return 1;
  } finally {
    signals.release();
  }
}

const UNFINISHED = 'stadion: ended before everything had stopped; the next start takes over what runs.';

async function run(
  config: ServerConfig,
  start: RoleStart,
  surroundings: UpSurroundings,
  time: Clock & Timers,
  signals: EndSignals,
): Promise<number> {
  const startedAt = time.monotonic();
  let platform: Platform;
  try {
    platform = await startRole(config, start, surroundings);
  } catch (error) {
    surroundings.printError(`stadion: ${describeError(error)}`);
    return 1;
  }
  let ending = endOf(platform, signals);
  const demo = config.demo && start.role === 'up' ? await runDemo(platform, surroundings, time, ending) : undefined;
  if (demo !== 'ending') surroundings.print(banner(platform, demo, (time.monotonic() - startedAt) / 1000));
  for (;;) {
    const end = await ending;
    if (end.kind !== 'abdicated') return stop(platform, end, config.stopTasksOnExit, surroundings, time);
    surroundings.print('Asked to step down as the leader: starting anew; tasks run on …');
    await platform.stop({ endTasks: false });
    try {
      platform = await startRole(withPortsOf(config, platform.addresses), start, surroundings);
    } catch (error) {
      surroundings.printError(`stadion: ${describeError(error)}`);
      return 1;
    }
    surroundings.print('Leading again.');
    ending = endOf(platform, signals);
  }
}

function endOf(platform: Platform, signals: EndSignals): Promise<Ending> {
  return Promise.race([
    signals.first.then((signal) => ({ kind: 'signal' as const, signal })),
    platform.failed.then((reason) => ({ kind: 'failed' as const, reason })),
    ...(platform.abdicated === undefined ? [] : [platform.abdicated.then(() => ({ kind: 'abdicated' as const }))]),
  ]);
}

/** A role loads its own rooms only: a name server alone needs no containers, and half of the memory. */
async function startRole(
  config: ServerConfig,
  { role, joinToken }: RoleStart,
  { printError }: UpSurroundings,
): Promise<Platform> {
  switch (role) {
    case 'up':
      return (await import('./platform.ts')).startPlatform(config);
    case 'server':
      return (await import('./roles/server-role.ts')).startServer(config);
    case 'agent':
      return (await import('./roles/agent-role.ts')).startAgent(config, joinToken);
    case 'dns':
      return (await import('./roles/dns-role.ts')).startDns(config);
    case 'orchestrator':
      return (await import('./roles/orchestrator-role.ts')).startOrchestrator(config);
    case 'edge':
      return (await import('./roles/edge-role.ts')).startEdgeRole(config, (text) => {
        printError(`stadion: ${text}`);
      });
  }
}

/** The demo service, or nothing when it does not come up; the platform runs all the same. */
async function runDemo(
  platform: Platform,
  surroundings: UpSurroundings,
  time: Clock & Timers,
  ending: Promise<Ending>,
): Promise<DemoPlace | 'ending' | undefined> {
  const progress = (text: string): void => {
    surroundings.print(`… ${text}`);
  };
  try {
    return await Promise.race([
      deployDemo(platform.addresses.orchestrator ?? '', time, progress),
      ending.then(() => 'ending' as const),
    ]);
  } catch (error) {
    surroundings.printError(`stadion: ${describeError(error)}`);
    return undefined;
  }
}

async function stop(
  platform: Platform,
  end: Exclude<Ending, { readonly kind: 'abdicated' }>,
  stopTasksOnExit: boolean,
  surroundings: UpSurroundings,
  time: Clock & Timers,
): Promise<number> {
  const endTasks = end.kind === 'signal' && (end.signal === 'SIGUSR2' || stopTasksOnExit);
  if (end.kind === 'failed') {
    surroundings.printError(
      `stadion: stopping, because state can no longer be kept: ${describeError(end.reason)}. ` +
        'Tasks run on; start the platform again to take them over.',
    );
  } else {
    surroundings.print(endTasks ? 'Stopping the platform and its tasks …' : 'Stopping the platform; tasks run on …');
  }
  const isDone = await Promise.race([
    platform.stop({ endTasks }).then(() => true),
    delay(time, STOP_LIMIT_MS).then(() => false),
  ]);
  if (!isDone) surroundings.printError(UNFINISHED);
  else if (end.kind === 'signal') surroundings.print('Stopped.');
  return isDone && end.kind === 'signal' ? 0 : 1;
}

/** After this, `up` ends whatever still hangs. */
const STOP_LIMIT_MS = 45_000;

function banner(platform: Platform, demo: DemoPlace | undefined, seconds: number): string {
  const rows: [string, string][] = [
    ...Object.entries(platform.addresses),
    ...(demo === undefined ? [] : [['demo service', demo.url] satisfies [string, string]]),
    ...(demo === undefined ? [] : throughEdge(platform, demo)),
    ['data', platform.dataDirectory],
    ['log', platform.logPath],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const table = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n');
  const remarks = (platform.remarks ?? []).map((remark) => `${remark}\n\n`).join('');
  return `\nStadion is ready (${seconds.toFixed(1)} s)\n\n${table}\n\n${remarks}${suggestions(platform, demo)}\n`;
}

/** Where the demo is reached from outside: browsers take every name below localhost for this machine. */
function throughEdge({ addresses }: Platform, demo: DemoPlace): [string, string][] {
  if (addresses.edgeHttp === undefined) return [];
  const name = demo.appId.replace(/^\//, '').replaceAll('/', '-');
  return [['demo through the edge', `http://${name}.localhost:${new URL(addresses.edgeHttp).port}/`]];
}

function suggestions({ addresses, joinTokenPath }: Platform, demo: DemoPlace | undefined): string {
  const { orchestrator } = addresses;
  if (addresses.dns !== undefined && orchestrator === undefined) {
    const { hostname, port } = new URL(addresses.dns);
    return `Try: dig @${hostname} -p ${port} leader.mesos`;
  }
  if (orchestrator === undefined) {
    return addresses.edgeAdmin === undefined
      ? 'It registers with the cluster as soon as a leader can be reached.'
      : `Routes, problems and traffic: npx stadion route list --edge ${addresses.edgeAdmin}`;
  }
  const others =
    joinTokenPath === undefined
      ? ''
      : `\n\nOn another machine: npx stadion join TOKEN   (TOKEN: npx stadion token, or ${joinTokenPath})`;
  const three =
    demo === undefined
      ? [
          `echo '{"id": "/hello", "cmd": "while date; do sleep 1; done"}' | npx stadion app add -`,
          'npx stadion logs -f /hello   follow what it writes',
          `open ${orchestrator}/ in a browser`,
        ]
      : [
          `npx stadion app scale ${demo.appId} 3    run three of it`,
          `npx stadion logs -f ${demo.appId}        follow what they write`,
          `open ${demo.url} in a browser`,
        ];
  return `Try next:\n${three.map((line, index) => `  ${String(index + 1)}. ${line}`).join('\n')}${others}`;
}
