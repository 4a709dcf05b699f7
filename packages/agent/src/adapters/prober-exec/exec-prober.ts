/** COMMAND probes, run inside the container that they ask about; other probes go on to another prober. */
import { describeError, type Timers } from '@stadion/base';
import { describeExit } from '../../core/container.ts';
import type { ProbeAnswer } from '../../core/probe.ts';
import type { Containerizer, ExecSession } from '../../ports/containerizer.ts';
import type { Prober, ProbeRequest } from '../../ports/prober.ts';

type CommandProbe = Extract<ProbeRequest, { kind: 'command' }>;

/** Makes a prober out of one for the network and a containerizer that can run commands. */
export function createExecProber(options: {
  readonly network: Prober;
  readonly containerizer: Containerizer;
  readonly timers: Timers;
}): Prober {
  return new ExecProber(options.network, options.containerizer, options.timers);
}

class ExecProber implements Prober {
  private readonly network: Prober;
  private readonly containerizer: Containerizer;
  private readonly timers: Timers;
  private readonly underWay = new Set<() => void>();

  constructor(network: Prober, containerizer: Containerizer, timers: Timers) {
    this.network = network;
    this.containerizer = containerizer;
    this.timers = timers;
  }

  async probe(request: ProbeRequest): Promise<ProbeAnswer> {
    if (request.kind !== 'command') return this.network.probe(request);
    try {
      return await this.run(request);
    } catch (error) {
      return { kind: 'failed', cause: describeError(error) };
    }
  }

  async close(): Promise<void> {
    for (const cancel of this.underWay) cancel();
    await this.network.close();
  }

  private run(request: CommandProbe): Promise<ProbeAnswer> {
    return new Promise((resolve, reject) => {
      let session: ExecSession | undefined;
      let isOver = false;
      const settle = (answer: ProbeAnswer): void => {
        isOver = true;
        timer.cancel();
        this.underWay.delete(cancel);
        resolve(answer);
      };
      const giveUp = (cause: string): void => {
        session?.kill();
        settle({ kind: 'failed', cause });
      };
      const cancel = (): void => giveUp('the agent is being stopped');
      const timer = this.timers.after(request.timeoutMs, () =>
        giveUp(`no answer within ${request.timeoutMs / 1000} s`),
      );
      this.underWay.add(cancel);
      this.start(request)
        .then(async (started) => {
          if (typeof started === 'string') {
            settle({ kind: 'failed', cause: started });
            return;
          }
          session = started;
          // Given up while it was being started.
          if (isOver) started.kill();
          started.stdin.end();
          started.stdout.resume();
          started.stderr.resume();
          const exit = await started.exit;
          settle(
            exit.kind === 'exited'
              ? { kind: 'command', exitCode: exit.code }
              : { kind: 'failed', cause: describeExit(exit) },
          );
        })
        .catch(reject);
    });
  }

  /** A session, or a sentence why there is none. */
  private async start({
    containerId,
    command,
    environment,
    directory,
    user,
  }: CommandProbe): Promise<ExecSession | string> {
    const outcome = await this.containerizer.exec?.(containerId, {
      argv: ['/bin/sh', '-c', command],
      environment,
      ...(directory === undefined ? {} : { directory }),
      ...(user === undefined ? {} : { user }),
    });
    if (outcome === undefined) return `Commands cannot be run inside containers of ${this.containerizer.name}`;
    return outcome.ok ? outcome.session : outcome.message;
  }
}
