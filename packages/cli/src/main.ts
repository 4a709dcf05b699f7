/** The command line in this process: binds the ports to Node, runs the command, and ends with its exit code. */
import { readFileSync } from 'node:fs';
import { systemClock, systemTimers } from '@stadion/base/system';
import { nodeMachine } from './platform/node-machine.ts';
import { nodeStreams } from './platform/node-streams.ts';
import type { CliPorts, Output } from './platform/ports.ts';
import { runCli } from './program.ts';
import { interrupted } from './report-error.ts';

/** What the composition root adds: the rooms that the command line itself does not know. */
export interface MainOptions {
  /** Runs the platform until it is told to end; resolves with the exit code. */
  readonly startPlatform: NonNullable<CliPorts['startPlatform']>;
  /** Works on a state that no platform has open. */
  readonly backUp: NonNullable<CliPorts['backUp']>;
  /** Opens ZooKeeper for whoever looks at services. */
  readonly openDiscovery?: CliPorts['openDiscovery'];
}

/** Runs the command line of this process and ends the process with its exit code. */
export async function main(options: MainOptions): Promise<void> {
  let isServing = false;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => {
      // `stadion … | head` closes the pipe early; that is no error of ours. But a platform whose terminal or pipe is gone
      // has work to do, and stops in order when it is told to.
      if (!isServing) process.exit(0);
    });
  }
  const { startPlatform, openDiscovery } = options;
  const ports: CliPorts = {
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    environment: process.env,
    time: { ...systemClock, ...systemTimers },
    fetch: (url, init) => fetch(url, init),
    machine: nodeMachine,
    streams: nodeStreams,
    interruption: interruptionOf(),
    startPlatform: (config, start) => {
      isServing = true;
      return startPlatform(config, start);
    },
    backUp: options.backUp,
    openDiscovery,
    version: readVersion(),
  };
  process.exit(await runCli(process.argv.slice(2), ports));
}

function outputOf(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => {
      stream.write(text);
    },
    isTerminal: stream.isTTY,
    get columns() {
      return stream.isTTY && stream.columns > 0 ? stream.columns : 80;
    },
  };
}

/** From the first question on, Ctrl-C and SIGTERM are ours: the first aborts, the second ends at once. */
function interruptionOf(): () => AbortSignal {
  let controller: AbortController | undefined;
  return () => {
    if (controller !== undefined) return controller.signal;
    const created = new AbortController();
    controller = created;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => created.abort(interrupted()));
    }
    return created.signal;
  };
}

function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { readonly version: string };
  return version;
}
