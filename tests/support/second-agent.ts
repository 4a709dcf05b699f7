/** An agent beside that of a platform, in a process of its own: somewhere to go when a node is drained. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FIRST_PORT, STADION, waitFor, type RunningPlatform } from './running-platform.ts';

const PORTS_EACH = 49;

/** Flags of a platform that leaves half of its host ports to a second agent. */
export const HALF_OF_THE_PORTS = ['--resources', offered(FIRST_PORT)];

function offered(first: number): string {
  return `cpus:8;mem:8192;disk:20000;ports:[${String(first)}-${String(first + PORTS_EACH - 1)}]`;
}

/** The agent. */
export class SecondAgent {
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.child = child;
  }

  /** Starts it, or starts it again; resolves when the master has it. @param port that it listens on; 0: a free one */
  static async start(platform: RunningPlatform, port = 0): Promise<SecondAgent> {
    const folder = join(platform.folder, 'second agent');
    const addresses = join(platform.folder, 'second-agent.json');
    await rm(addresses, { force: true });
    const child = spawn(
      process.execPath,
      [
        ...[
          STADION,
          'agent',
          '--server',
          platform.addresses.master,
          '--data-dir',
          folder,
          '--agent-port',
          String(port),
        ],
        ...[
          '--addresses-file',
          addresses,
          '--containerizers',
          'posix',
          '--resources',
          offered(FIRST_PORT + PORTS_EACH),
        ],
      ],
      { stdio: 'ignore' },
    );
    await waitFor(
      'the second agent is there',
      async () => {
        if (child.exitCode !== null) throw new Error(`The second agent ended with ${String(child.exitCode)}`);
        const isReady = (await readFile(addresses, 'utf8').catch(() => '')) !== '';
        const { slaves } = (await platform.ask('master', '/slaves')).body;
        return isReady && slaves.length === 2 && slaves.every(({ active }: { active: boolean }) => active);
      },
      90_000,
    );
    return new SecondAgent(child);
  }

  /** Ends it at once; its tasks go on. */
  async kill(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }

  /** Ends it and its tasks. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGUSR2');
    await ended;
  }
}
