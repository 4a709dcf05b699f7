/** `stadion up`: starts the platform, says where everything is, and runs until told to stop. */
import { delay, describeError, type Clock, type Timers } from '@stadion/base';
import type { PlatformAddresses, ServerConfig } from '@stadion/contract';
import { deployDemo, type DemoPlace } from './demo.ts';
import { startPlatform, type Platform } from './platform.ts';
import { systemPorts } from './system-ports.ts';

/** Where `up` prints, and what it hears. */
export interface UpSurroundings {
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
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
  { readonly kind: 'signal'; readonly signal: NodeJS.Signals } | { readonly kind: 'failed'; readonly reason: unknown };

/** Signals that end the platform. SIGINT also ends its tasks where the configuration says so; SIGUSR2 always does. */
const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'];

/**
 * Runs the platform to its end.
 * @returns the exit code: 0 after a signal, 1 when it could not start or could not go on
 */
export async function runUp(config: ServerConfig, surroundings: UpSurroundings = terminal): Promise<number> {
  const { time } = systemPorts();
  const startedAt = time.monotonic();
  let platform: Platform;
  try {
    platform = await startPlatform(config);
  } catch (error) {
    surroundings.printError(`stadion: ${describeError(error)}`);
    return 1;
  }
  const ending = waitForEnd(platform);
  let demo: DemoPlace | undefined;
  if (config.demo) {
    try {
      demo = await Promise.race([
        deployDemo(platform.addresses.orchestrator, time, (text) => {
          surroundings.print(`… ${text}`);
        }),
        ending.then(() => undefined),
      ]);
    } catch (error) {
      surroundings.printError(`stadion: ${describeError(error)}`);
    }
  }
  surroundings.print(banner(platform, demo, (time.monotonic() - startedAt) / 1000));
  const end = await ending;
  return stop(platform, end, config.stopTasksOnExit, surroundings, time);
}

function waitForEnd(platform: Platform): Promise<Ending> {
  return new Promise((resolve) => {
    for (const signal of SIGNALS) {
      process.once(signal, () => {
        resolve({ kind: 'signal', signal });
      });
    }
    void platform.failed.then((reason) => {
      resolve({ kind: 'failed', reason });
    });
  });
}

async function stop(
  platform: Platform,
  end: Ending,
  stopTasksOnExit: boolean,
  surroundings: UpSurroundings,
  time: Clock & Timers,
): Promise<number> {
  if (end.kind === 'failed') {
    surroundings.printError(
      `stadion: stopping, because state can no longer be kept: ${describeError(end.reason)}. ` +
        'Tasks run on; start the platform again to take them over.',
    );
    await platform.stop({ endTasks: false });
    return 1;
  }
  const endTasks = end.signal === 'SIGUSR2' || stopTasksOnExit;
  surroundings.print(endTasks ? 'Stopping the platform and its tasks …' : 'Stopping the platform; tasks run on …');
  // A second signal means: now.
  const impatient = new Promise<'now'>((resolve) => {
    for (const signal of SIGNALS) {
      process.once(signal, () => {
        resolve('now');
      });
    }
  });
  const how = await Promise.race([
    platform.stop({ endTasks }).then(() => 'done' as const),
    impatient,
    delay(time, STOP_LIMIT_MS).then(() => 'late' as const),
  ]);
  if (how === 'done') surroundings.print('Stopped.');
  else surroundings.printError('stadion: ended before everything had stopped; the next start takes over what runs.');
  return how === 'done' ? 0 : 1;
}

/** After this, `up` ends whatever still hangs. */
const STOP_LIMIT_MS = 45_000;

function banner(platform: Platform, demo: DemoPlace | undefined, seconds: number): string {
  const rows: [string, string][] = [
    ['orchestrator', platform.addresses.orchestrator],
    ['master', platform.addresses.master],
    ['agent', platform.addresses.agent],
    ...(demo === undefined ? [] : [['demo service', demo.url] satisfies [string, string]]),
    ['data', platform.dataDirectory],
    ['log', platform.logPath],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const table = rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n');
  return `\nStadion is ready (${seconds.toFixed(1)} s)\n\n${table}\n\n${suggestions(platform.addresses, demo)}\n`;
}

function suggestions(addresses: PlatformAddresses, demo: DemoPlace | undefined): string {
  const three =
    demo === undefined
      ? [
          `npx stadion app add examples/demo-app.json   deploy something`,
          'npx stadion status                           is all well?',
          `open ${addresses.orchestrator}/ in a browser`,
        ]
      : [
          `npx stadion app scale ${demo.appId} 3    run three of it`,
          `npx stadion logs -f ${demo.appId}        follow what they write`,
          `open ${demo.url} in a browser`,
        ];
  return `Try next:\n${three.map((line, index) => `  ${String(index + 1)}. ${line}`).join('\n')}`;
}
