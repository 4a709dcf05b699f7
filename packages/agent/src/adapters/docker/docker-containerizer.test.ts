import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { delay, randomUuid, silentLogger } from '@stadion/base';
import { systemClock, systemTimers, SystemRandom } from '@stadion/base/system';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ContainerExit } from '../../core/container.ts';
import type { Containerizer, ContainerSpec } from '../../ports/containerizer.ts';
import { describeContainerizer, type ConformanceSubject } from '../../testing/containerizer-conformance.ts';
import { DockerDaemon } from '../../testing/docker-daemon.ts';
import { describeExec } from '../../testing/exec-conformance.ts';
import { describeTerminal } from '../../testing/terminal-conformance.ts';
import { withBusyboxTree } from '../../testing/docker-images.ts';
import { createDockerContainerizer } from './docker-containerizer.ts';

const missing = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');
const canRun =
  process.getuid?.() === 0 && !['docker', 'busybox', 'curl', 'iproute2'].some((part) => missing.includes(part));
const random = new SystemRandom();
const IMAGE = 'busybox:test';

/** An agent's place on this machine, with whatever containers it left at the daemon. */
class Machine {
  readonly root = mkdtempSync(join(tmpdir(), 'stadion docker '));
  readonly exits = new Map<string, ContainerExit[]>();
  readonly onExit = (containerId: string, exit: ContainerExit): void => {
    this.exits.set(containerId, [...(this.exits.get(containerId) ?? []), exit]);
  };
  private readonly host: string;
  private readonly started: Containerizer[] = [];

  constructor(daemon: DockerDaemon) {
    this.host = daemon.host;
  }

  containerizer(): Containerizer {
    const containerizer = createDockerContainerizer({
      host: this.host,
      runtimeDirectory: join(this.root, 'run'),
      clock: systemClock,
      timers: systemTimers,
      random,
      log: silentLogger,
    });
    this.started.push(containerizer);
    return containerizer;
  }

  /** One that has recovered. */
  async recovered(): Promise<Containerizer> {
    const containerizer = this.containerizer();
    await containerizer.fingerprint();
    await containerizer.recover(this.onExit);
    return containerizer;
  }

  spec(
    text: string,
    docker: Partial<NonNullable<NonNullable<ContainerSpec['container']>['docker']>> = {},
  ): ContainerSpec {
    const containerId = randomUuid(random);
    const directory = join(this.root, 'sandbox', containerId);
    mkdirSync(directory, { recursive: true });
    return {
      containerId,
      command: { kind: 'shell', text },
      environment: {},
      directory,
      container: { type: 'DOCKER', docker: { image: IMAGE, network: 'HOST', ...docker } },
      limits: { cpus: 0.1, memoryBytes: 64 * 1024 * 1024, diskBytes: 0, gpus: 0 },
    };
  }

  read(spec: ContainerSpec, name = 'stdout'): string {
    const path = join(spec.directory, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  async exitOf(spec: ContainerSpec): Promise<ContainerExit | undefined> {
    await until(() => this.exits.has(spec.containerId));
    return this.exits.get(spec.containerId)?.[0];
  }

  async destroy(): Promise<void> {
    for (const containerizer of this.started) await containerizer.close();
    const last = this.containerizer();
    await last.fingerprint();
    for (const container of await last.recover(this.onExit)) {
      if (container.state === 'running') {
        last.kill(container.containerId, 0);
        await until(() => this.exits.has(container.containerId));
      }
      await last.remove(container.containerId);
    }
    await last.close();
    rmSync(this.root, { recursive: true, force: true });
  }
}

async function until(condition: () => boolean): Promise<void> {
  const end = systemClock.monotonic() + 30_000;
  while (!condition()) {
    expect(systemClock.monotonic(), 'the condition did not come to hold in 30 s').toBeLessThan(end);
    await delay(systemTimers, 10);
  }
}

describe.skipIf(!canRun)('with a Docker daemon', () => {
  let daemon: DockerDaemon;
  beforeAll(async () => {
    daemon = await DockerDaemon.start();
    await withBusyboxTree((folder) =>
      daemon.importImage(folder, IMAGE, ['CMD ["echo", "of the image"]', 'ENV OF_IMAGE=yes']),
    );
  }, 60_000);
  afterAll(() => daemon.stop(), 60_000);

  const makeSubject = (): ConformanceSubject => {
    const machine = new Machine(daemon);
    const commands = {
      runs: 'exec sleep 1000',
      'exits-0': 'exit 0',
      'exits-3': 'exit 3',
      'ignores-sigterm': 'trap "" TERM; echo ready; while :; do sleep 0.05; done',
    };
    const create = async (): Promise<Containerizer> => {
      const containerizer = machine.containerizer();
      await containerizer.fingerprint();
      return containerizer;
    };
    return {
      create,
      recreate: create,
      spec: async (behaviour) => machine.spec(commands[behaviour]),
      ready: (spec) => until(() => machine.read(spec).includes('ready')),
      until,
      destroy: () => machine.destroy(),
    };
  };
  describeContainerizer('docker', makeSubject);
  describeExec('docker', makeSubject);
  describeTerminal('docker', makeSubject);

  describe('the docker containerizer', () => {
    let machine: Machine;
    let containerizer: Containerizer;

    beforeEach(async () => {
      machine = new Machine(daemon);
      containerizer = await machine.recovered();
    });
    afterEach(() => machine.destroy());

    it('puts output into the sandbox, each stream into its file', async () => {
      const spec = machine.spec('echo out; echo err >&2; printf "no newline"');
      expect(await containerizer.launch(spec)).toMatchObject({ ok: true });
      expect(await machine.exitOf(spec)).toEqual({ kind: 'exited', code: 0 });
      expect(machine.read(spec)).toBe('out\nno newline');
      expect(machine.read(spec, 'stderr')).toBe('err\n');
    });

    it('runs what the image says, with the environment of both', async () => {
      const spec: ContainerSpec = { ...machine.spec(''), command: { kind: 'image', arguments: [] } };
      await containerizer.launch(spec);
      await machine.exitOf(spec);
      expect(machine.read(spec)).toBe('of the image\n');
      const other: ContainerSpec = {
        ...machine.spec(''),
        environment: { OWN: 'mine' },
        command: { kind: 'image', arguments: ['sh', '-c', 'echo $OWN $OF_IMAGE $MESOS_CONTAINER_NAME'] },
      };
      await containerizer.launch(other);
      await machine.exitOf(other);
      expect(machine.read(other)).toBe(`mine yes mesos-${other.containerId}\n`);
    });

    it('loses and doubles nothing of the output while no agent is there', async () => {
      const text =
        'i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo line $i; [ $((i % 30)) -gt 0 ] || sleep 0.01; done; exit 4';
      const spec = machine.spec(text);
      await containerizer.launch(spec);
      for (const line of [200, 900, 1600]) {
        await until(() => machine.read(spec).includes(`line ${line}\n`));
        await containerizer.close();
        containerizer = await machine.recovered();
      }
      expect(await machine.exitOf(spec)).toEqual({ kind: 'exited', code: 4 });
      const lines = machine.read(spec).trimEnd().split('\n');
      expect(lines).toEqual(Array.from({ length: 3000 }, (_, index) => `line ${index + 1}`));
    });

    it('says that memory ran out', async () => {
      const spec = machine.spec('x=a; while :; do x=$x$x; done');
      await containerizer.launch(spec);
      expect(await machine.exitOf(spec)).toMatchObject({
        kind: 'limited',
        resource: 'memory',
        message: expect.stringMatching(/^out-of-memory: .* 64 MB/),
      });
    });

    it('grants more memory later, where a task of an executor comes to it', async () => {
      const spec = machine.spec(
        'cd /mnt/mesos/sandbox; until [ -e go ]; do sleep 0.02; done; x=a; while :; do x=$x$x; done',
      );
      await containerizer.launch(spec);
      await containerizer.update?.(spec.containerId, {
        cpus: 0.2,
        memoryBytes: 96 * 1024 * 1024,
        diskBytes: 0,
        gpus: 0,
      });
      writeFileSync(join(spec.directory, 'go'), '');
      expect(await machine.exitOf(spec)).toMatchObject({ message: expect.stringMatching(/ 96 MB/) });
    });

    it('asks to end by the signal that the image names', async () => {
      const spec = machine.spec('trap "echo asked; exit 0" USR1; echo ready; while :; do sleep 0.05; done', {
        parameters: [{ key: 'stop-signal', value: 'SIGUSR1' }],
      });
      await containerizer.launch(spec);
      await until(() => machine.read(spec).includes('ready'));
      containerizer.kill(spec.containerId, 20_000);
      expect(await machine.exitOf(spec)).toEqual({ kind: 'exited', code: 0 });
      expect(machine.read(spec)).toContain('asked');
    });

    it('reaches a container on the bridge by its port and tells its address', async () => {
      const port = 20_000 + (process.pid % 10_000);
      const spec = machine.spec('mkdir -p /www; echo served >/www/index.html; exec httpd -f -p 8080 -h /www', {
        network: 'BRIDGE',
        port_mappings: [{ host_port: port, container_port: 8080, protocol: 'tcp' }],
      });
      const launched = await containerizer.launch(spec);
      expect(launched).toMatchObject({ ok: true, addresses: [expect.stringMatching(/^10\.213\./)] });
      const fetched = await ask(`http://127.0.0.1:${port}/`);
      expect(fetched).toBe('served\n');
      const rival = machine.spec('sleep 1000', {
        network: 'BRIDGE',
        port_mappings: [{ host_port: port, container_port: 80 }],
      });
      expect(await containerizer.launch(rival)).toMatchObject({
        ok: false,
        message: expect.stringMatching(/^port-taken: /),
      });
      const usage = (await containerizer.usage()).get(spec.containerId);
      expect(usage?.network?.receivedBytes).toBeGreaterThan(0);
      expect(usage?.memory).toMatchObject({ limitBytes: 64 * 1024 * 1024 });
      expect(usage?.memory?.peakBytes).toBeGreaterThan(0);
    });

    it('mounts volumes of the host and of the sandbox, and names a path that is missing', async () => {
      const shared = join(machine.root, 'shared');
      mkdirSync(shared);
      const spec = machine.spec(
        'echo kept >/data/file; echo own >/work/file; touch /ro/x 2>/dev/null || echo read-only',
      );
      const volumes = [
        { mode: 'RW' as const, container_path: '/data', host_path: shared },
        { mode: 'RW' as const, container_path: '/work', host_path: 'own' },
        { mode: 'RO' as const, container_path: '/ro', host_path: shared },
      ];
      await containerizer.launch({ ...spec, container: { type: 'DOCKER', ...spec.container, volumes } });
      await machine.exitOf(spec);
      expect(readFileSync(join(shared, 'file'), 'utf8')).toBe('kept\n');
      expect(readFileSync(join(spec.directory, 'own', 'file'), 'utf8')).toBe('own\n');
      expect(machine.read(spec)).toBe('read-only\n');
      const wrong = machine.spec('true');
      const missingPath = { mode: 'RO' as const, container_path: '/x', host_path: join(machine.root, 'nowhere') };
      expect(
        await containerizer.launch({
          ...wrong,
          container: { type: 'DOCKER', ...wrong.container, volumes: [missingPath] },
        }),
      ).toMatchObject({ ok: false, message: expect.stringMatching(/^volume-path-missing: .*nowhere/) });
    });

    it('finds everything again after the daemon was killed, and tells what ended meanwhile', async () => {
      const ending = machine.spec('while [ ! -e /mnt/mesos/sandbox/gate ]; do sleep 0.05; done; echo last; exit 6');
      const staying = machine.spec('i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.05; done');
      await containerizer.launch(ending);
      await containerizer.launch(staying);
      await until(() => machine.read(staying).includes('tick 3\n'));
      await daemon.kill('KILL');
      mkdirSync(join(ending.directory, 'gate'));
      // An agent that comes while Docker is away takes nothing for lost.
      await containerizer.close();
      containerizer = machine.containerizer();
      expect((await containerizer.fingerprint()).containerizers).toEqual(['docker']);
      const states = (await containerizer.recover(machine.onExit)).map(({ state }) => state);
      expect(states).toEqual(['running', 'running']);
      await daemon.startAgain();
      expect(await machine.exitOf(ending)).toEqual({ kind: 'exited', code: 6 });
      const seen = machine.read(staying).split('\n').length;
      await until(() => machine.read(staying).split('\n').length > seen + 3);
      containerizer.kill(staying.containerId, 100);
      expect(await machine.exitOf(staying)).toMatchObject({ kind: 'signaled' });
      const ticks = machine.read(staying).trimEnd().split('\n');
      expect(new Set(ticks).size).toBe(ticks.length);
    }, 60_000);

    it('touches nothing that is not its own', async () => {
      const other = new Machine(daemon);
      try {
        const theirs = await other.recovered();
        const spec = other.spec('exec sleep 1000');
        await theirs.launch(spec);
        await containerizer.close();
        containerizer = machine.containerizer();
        expect(await containerizer.recover(machine.onExit)).toEqual([]);
        containerizer.kill(spec.containerId, 0);
        await containerizer.remove(spec.containerId);
        expect((await theirs.usage()).has(spec.containerId)).toBe(true);
      } finally {
        await other.destroy();
      }
    });

    it.each([
      ['parameter-invalid', { parameters: [{ key: 'no-such-flag', value: '1' }] }],
      ['parameter-invalid', { parameters: [{ key: 'rm', value: 'true' }] }],
      ['image-not-found', { image: 'busybox:other' }],
      ['image-name-invalid', { image: 'UPPER//case' }],
      ['image-name-invalid', { image: '../containers/other' }],
      ['network-not-found', { network: 'USER', parameters: [{ key: 'network', value: 'no-such-network' }] }],
    ])('names a refusal: %s', async (name, docker) => {
      const outcome = await containerizer.launch(machine.spec('true', docker));
      expect(outcome.ok ? '' : outcome.message).toMatch(new RegExp(`^${name}: `));
    });
  });
});

/** The proxy of a port listens before the program behind it does. */
async function ask(url: string): Promise<string> {
  for (let round = 0; ; round += 1) {
    try {
      return await (await fetch(url)).text();
    } catch (error) {
      if (round > 200) throw error;
      await delay(systemTimers, 50);
    }
  }
}
