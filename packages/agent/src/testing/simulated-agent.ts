/** An agent in virtual time on pretended ports, for tests. */
import { SeededRandom, silentLogger, type Clock } from '@stadion/base';
import { VirtualTime } from '@stadion/base/testing';
import { createFakeContainerizer, type FakeBehaviour } from '../adapters/fake/fake-containerizer.ts';
import { MemoryCheckpoints } from '../adapters/checkpoints-memory/memory-checkpoints.ts';
import { MemoryFetcher } from '../adapters/fetcher-memory/memory-fetcher.ts';
import { MemoryProber } from '../adapters/prober-memory/memory-prober.ts';
import { MemoryVolumes } from '../adapters/volumes-memory/memory-volumes.ts';
import { MemorySandboxes } from '../adapters/sandboxes-memory/memory-sandboxes.ts';
import type { AgentConfig } from '../agent-options.ts';
import { createAgent, type Agent } from '../agent.ts';
import type { ProbeAnswer } from '../core/probe.ts';
import { parseResources } from '../core/resources.ts';
import type { ContainerSpec } from '../ports/containerizer.ts';
import type { FetchOutcome, FetchRequest } from '../ports/fetcher.ts';
import type { ProbeRequest } from '../ports/prober.ts';
import { FakeMaster } from './fake-master.ts';

/** The machine stays; agents come and go on it. */
export class SimulatedMachine {
  readonly time = new VirtualTime();
  readonly master = new FakeMaster();
  readonly checkpoints = new MemoryCheckpoints();
  readonly sandboxes = new MemorySandboxes();
  readonly volumes = new MemoryVolumes();
  readonly containerizer;
  behave: (spec: ContainerSpec) => FakeBehaviour = () => ({});
  answerProbe: (request: ProbeRequest) => ProbeAnswer | Promise<ProbeAnswer> = () => ({ kind: 'tcp' });
  fetch: (request: FetchRequest) => FetchOutcome | Promise<FetchOutcome> = () => ({ ok: true });
  private started = 0;

  constructor(containerizers: readonly string[] = ['posix']) {
    this.containerizer = createFakeContainerizer({
      clock: this.time,
      timers: this.time,
      behave: (spec) => this.behave(spec),
      keepSpecs: true,
      containerizers,
    });
  }

  /** A new agent, as after a restart of the agent's process. */
  async startAgent(
    config: Partial<AgentConfig> = {},
    resources = 'cpus:4;mem:1024;disk:1000;ports:[31000-31009]',
    clock: Clock = this.time,
  ): Promise<Agent> {
    this.started += 1;
    const parsed = parseResources(resources);
    const agent = createAgent({
      dialer: this.master,
      containerizer: this.containerizer,
      checkpoints: this.checkpoints,
      sandboxes: this.sandboxes,
      volumes: this.volumes,
      fetcher: new MemoryFetcher((request) => this.fetch(request)),
      prober: new MemoryProber((request) => this.answerProbe(request)),
      clock,
      timers: this.time,
      random: new SeededRandom(`agent ${this.started}`),
      log: silentLogger,
      info: {
        hostname: 'host-1',
        ip: '10.0.0.1',
        port: 5051,
        resources: parsed.ok ? parsed.value : [],
        attributes: [],
        version: '1.11.0',
      },
      config: { logWatchIntervalMs: 0, ...config },
    });
    await agent.start();
    await this.time.advance(0);
    return agent;
  }
}
