import { existsSync, mkdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { silentLogger } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import type { ContainerInfo } from '@stadion/contract/mesos';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Containerizer, ContainerSpec } from '../../ports/containerizer.ts';
import { busyboxLayer, makeImage, writeLayout, type ImagePlan, type TarEntry } from '../../testing/image-maker.ts';
import { leftoversOf } from '../../testing/machine-leftovers.ts';
import { TaskMachine, until } from '../../testing/task-machine.ts';
import { createLinuxContainerizer } from './linux-containerizer.ts';
import { agentNetworkName } from './networks/network-list.ts';

const missing = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');
const parts = ['runc', 'tini', 'busybox', 'containernetworking-plugins', 'iptables'];
const canRun = process.getuid?.() === 0 && !parts.some((part) => missing.includes(part));

function makeLinux(root: string): Containerizer {
  return createLinuxContainerizer({
    runtimeDirectory: join(root, 'run'),
    hiddenDirectories: [],
    clock: systemClock,
    timers: systemTimers,
    log: silentLogger,
  });
}

/** Asks again while the one-shot server comes back. */
function patiently(host: string, port: number): string {
  return `for round in 1 2 3 4 5 6 7 8 9; do nc -w 5 ${host} ${port} && break; sleep 0.2; done`;
}

/** Connects from here until the other side says something. */
async function hears(host: string, port: number, wanted: string): Promise<void> {
  let heard = '';
  let isOpen = false;
  await until(() => {
    if (!isOpen) {
      isOpen = true;
      const socket = connect({ host, port });
      socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
      socket.on('error', () => undefined);
      socket.on('close', () => (isOpen = false));
    }
    return heard.includes(wanted);
  });
}

describe.skipIf(!canRun)('a container of Linux on an image', () => {
  let machine: TaskMachine;
  let containerizer: Containerizer;
  let images = 0;

  const image = async (plan: Partial<ImagePlan> & { readonly more?: readonly TarEntry[] } = {}): Promise<string> => {
    images += 1;
    const directory = join(machine.root, `image-${images}`);
    mkdirSync(directory);
    await writeLayout(
      makeImage({ layers: [busyboxLayer(), plan.more ?? []], packing: 'none', ...plan }),
      directory,
      'v1',
    );
    return `oci:${directory}:v1`;
  };
  const container = (name: string, changes: Partial<ContainerInfo> = {}): ContainerInfo => {
    return { type: 'MESOS', mesos: { image: { type: 'DOCKER', docker: { name } } }, ...changes };
  };
  const run = async (info: ContainerInfo, command: ContainerSpec['command'], changes: Partial<ContainerSpec> = {}) => {
    const spec = { ...machine.shell(''), environment: { GREETING: 'hello' }, container: info, command, ...changes };
    const launched = await containerizer.launch(spec);
    expect(launched.ok ? 'launched' : launched.message).toBe('launched');
    return { spec, launched, exit: () => machine.exitOf(spec), out: () => machine.read(spec, 'stdout') };
  };
  const sh = (text: string) => ({ kind: 'shell' as const, text });
  const ofImage = { kind: 'image' as const, arguments: [] };

  beforeEach(async () => {
    machine = new TaskMachine(makeLinux);
    containerizer = machine.containerizer();
    expect(await containerizer.fingerprint()).toEqual({ containerizers: ['linux'] });
    await containerizer.recover(machine.onExit);
  });

  afterEach(async () => {
    await machine.destroy();
    const bridge = agentNetworkName(join(machine.root, 'run', 'networks'));
    const left = leftoversOf(machine.root, [machine.root, bridge]);
    expect(left).toEqual({ processes: [], mounts: [], groups: [], interfaces: [], rules: [] });
  });

  it('sees the image and its sandbox, and writes to neither the image nor the machine', async () => {
    const name = await image();
    const text = 'ls /; echo $GREETING >/written; cat /written; pwd; touch here; cat /etc/passwd | head -n 1';
    for (let round = 0; round < 2; round += 1) {
      const task = await run(container(name), sh(`test ! -e /written && { ${text}; }`));
      expect(await task.exit()).toEqual({ kind: 'exited', code: 0 });
      expect(task.out()).toContain('hello\n/mnt/mesos/sandbox\nroot:x:0:0');
      expect(existsSync(join(task.spec.directory, 'here'))).toBe(true);
    }
    expect(existsSync('/written')).toBe(false);
  });

  it('brings an image before any task wants it, and tells that it is there', async () => {
    const name = await image();
    const context = { signal: new AbortController().signal, onProgress: () => undefined };
    expect(await containerizer.images?.()).toEqual([]);
    expect(await containerizer.prepare?.({ container: container(name) }, context)).toBeUndefined();
    expect(await containerizer.images?.()).toMatchObject([
      { containerizer: 'linux', name, digest: expect.stringMatching(/^sha256:/) },
    ]);
    const [held] = (await containerizer.images?.()) ?? [];
    expect(held?.bytes).toBeGreaterThan(100_000);
    expect(held?.usedAt).toBeGreaterThan(0);
  });

  it('runs what the image says, as whom and where it says', async () => {
    const config = {
      Entrypoint: ['/bin/sh', '-c', 'id -u; pwd; echo $KIND $GREETING $0 $1'],
      Cmd: ['from', 'image'],
      Env: ['KIND=web', 'GREETING=overridden', 'PATH=/bin'],
      WorkingDir: '/srv/data',
      User: 'web',
    };
    const name = await image({ config, more: [{ name: 'srv/data/', type: '5', mode: 0o755 }] });
    const task = await run(container(name), ofImage);
    await task.exit();
    expect(task.out()).toBe('33\n/srv/data\nweb hello from image\n');
    const given = await run(container(name), { kind: 'image', arguments: ['from', 'task'] }, { user: 'root' });
    await given.exit();
    expect(given.out()).toBe('0\n/srv/data\nweb hello from task\n');
  });

  it('shows layers as one: the upper ones hide and take away', async () => {
    const layers = [
      [
        ...busyboxLayer(),
        { name: 'a/one', content: '1' },
        { name: 'a/two', content: '2' },
        { name: 'b/three', content: '3' },
      ],
      [
        { name: 'a/.wh.one', content: '' },
        { name: 'a/two', content: 'new' },
      ],
      [
        { name: 'b/.wh..wh..opq', content: '' },
        { name: 'b/four', content: '4' },
      ],
    ];
    const task = await run(container(await image({ layers })), sh('ls /a /b; cat /a/two'));
    await task.exit();
    expect(task.out()).toBe('/a:\ntwo\n\n/b:\nfour\nnew');
  });

  it('is asked to end by the signal that the image names', async () => {
    const script = 'trap "echo quit; exit 5" QUIT; trap "echo term" TERM; echo ready; while :; do sleep 0.05; done';
    const config = { Entrypoint: ['/bin/sh', '-c', script], StopSignal: 'SIGQUIT' };
    const task = await run(container(await image({ config })), ofImage);
    await until(() => task.out().includes('ready'));
    containerizer.kill(task.spec.containerId, 10_000);
    expect(await task.exit()).toEqual({ kind: 'exited', code: 5 });
    expect(task.out()).toBe('ready\nquit\n');
  });

  it('names what is wrong with an image before anything runs', async () => {
    const name = await image();
    const wishes: readonly [ContainerInfo, Partial<ContainerSpec>, RegExp][] = [
      [container('oci:/no/such/layout'), { command: sh('true') }, /^image-not-found: /],
      [container(name), { command: ofImage }, /^image-without-command: /],
      [container(name), { command: sh('true'), user: 'ghost' }, /^user-unknown: /],
      [container(name, { network_infos: [{ name: 'nowhere' }] }), { command: sh('true') }, /^network-not-found: /],
    ];
    for (const [info, changes, message] of wishes) {
      const outcome = await containerizer.launch({ ...machine.shell(''), ...changes, container: info });
      expect(outcome).toMatchObject({ ok: false, message: expect.stringMatching(message) as unknown });
    }
  });

  it('has a network of its own, with ports of the machine led to it', async () => {
    const port = 20_000 + (process.pid % 10_000);
    const port_mappings = [
      { host_port: port, container_port: 80, protocol: 'tcp' },
      { host_port: port, container_port: 53, protocol: 'udp' },
    ];
    const info = container(await image(), { network_infos: [{ name: 'mesos-bridge', port_mappings }] });
    const text =
      'ip -o -4 addr show dev eth0; cat /etc/hosts; echo up; while :; do echo "I am here" | nc -l -p 80; done';
    const task = await run(info, sh(text));
    await until(() => task.out().includes('up'));
    const address = task.launched.ok ? task.launched.addresses?.[0] : undefined;
    expect(task.out()).toContain(`${address ?? 'no address'}/20`);
    expect(task.out()).toContain(`${address ?? 'no address'}\t${task.spec.containerId.slice(0, 12)}`);
    // Another container reaches it by its address, and by the port of the machine.
    const gateway = (address ?? '').replace(/\d+$/, '1');
    const other = container(info.mesos?.image?.docker?.name ?? '', { network_infos: [{ name: 'mesos-bridge' }] });
    const asking = await run(other, sh(`${patiently(address ?? '', 80)}; ${patiently(gateway, port)}`));
    await asking.exit();
    expect(asking.out()).toBe('I am here\nI am here\n');
    await hears('127.0.0.1', port, 'I am here');
    const usage = (await containerizer.usage()).get(task.spec.containerId);
    expect(usage?.network?.sentBytes).toBeGreaterThan('I am here'.length);
    expect(usage?.diskBytes).toBeGreaterThanOrEqual(0);
    await containerizer.remove(asking.spec.containerId);

    await containerizer.close();
    containerizer = machine.containerizer();
    expect(await containerizer.recover(machine.onExit)).toMatchObject([{ state: 'running', addresses: [address] }]);
    containerizer.kill(task.spec.containerId, 0);
    await task.exit();
  });

  it('does not take a port that somebody else has', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    const address = server.address();
    const host_port = typeof address === 'object' && address !== null ? address.port : 0;
    const network_infos = [{ port_mappings: [{ host_port, container_port: 80 }] }];
    const info = container(await image(), { network_infos });
    const outcome = await containerizer.launch({ ...machine.shell('true'), container: info });
    expect(outcome).toMatchObject({ ok: false, message: expect.stringMatching(/^port-taken: /) as unknown });
    await new Promise((resolve) => server.close(resolve));
  });

  it('shares network and IPC with the others of its pod, until the last of them is gone', async () => {
    const podId = `pod-${machine.shell('').containerId}`;
    const info = container(await image());
    const pod = { podId, directory: machine.root, info: { type: 'MESOS' as const, network_infos: [{}] } };
    const one = await run(info, sh('ls -l /proc/self/ns/net /proc/self/ns/ipc; echo up; sleep 1000'), { pod });
    await until(() => one.out().includes('up'));
    const two = await run(info, sh('ls -l /proc/self/ns/net /proc/self/ns/ipc'), { pod });
    await two.exit();
    const names = (text: string) => text.match(/(net|ipc):\[\d+\]/g);
    expect(names(two.out())).toEqual(names(one.out()));
    await containerizer.remove(two.spec.containerId);
    expect(existsSync(join(machine.root, 'run', 'networks', podId))).toBe(true);
    containerizer.kill(one.spec.containerId, 0);
    await one.exit();
    await containerizer.remove(one.spec.containerId);
    expect(existsSync(join(machine.root, 'run', 'networks', podId))).toBe(false);
  });
});
