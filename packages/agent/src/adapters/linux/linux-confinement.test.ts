import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import type { ContainerInfo } from '@stadion/contract/mesos';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Containerizer, ContainerSpec } from '../../ports/containerizer.ts';
import { busyboxLayer, makeImage, writeLayout } from '../../testing/image-maker.ts';
import { leftoversOf } from '../../testing/machine-leftovers.ts';
import { TaskMachine, until } from '../../testing/task-machine.ts';
import { createLinuxContainerizer } from './linux-containerizer.ts';

const missing = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');
const canRun = process.getuid?.() === 0 && !['runc', 'tini', 'busybox'].some((part) => missing.includes(part));
/** Refuses the making of directories, for all but who has CAP_NET_ADMIN; in Docker's format. */
const PROFILE = {
  defaultAction: 'SCMP_ACT_ALLOW',
  archMap: [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: null },
  ],
  syscalls: [
    { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 1, excludes: { caps: ['CAP_NET_ADMIN'] } },
  ],
};

function makeLinux(root: string): Containerizer {
  const profiles = join(root, 'profiles');
  mkdirSync(profiles, { recursive: true });
  writeFileSync(join(profiles, 'no-mkdir.json'), JSON.stringify(PROFILE));
  writeFileSync(join(profiles, 'broken.json'), '{"syscalls": 7}');
  // Devices that containers cannot use stand for gpus: what matters is who may use which.
  for (const name of ['gpu0', 'gpu1', 'gpuctl']) {
    const [major, minor] = name === 'gpuctl' ? ['10', '237'] : ['10', '235'];
    if (!existsSync(join(root, name))) execFileSync('mknod', [join(root, name), 'c', major, minor]);
  }
  return createLinuxContainerizer({
    runtimeDirectory: join(root, 'run'),
    hiddenDirectories: [],
    clock: systemClock,
    timers: systemTimers,
    log: silentLogger,
    moreCapabilities: ['CAP_NET_ADMIN'],
    seccompDirectory: profiles,
    gpus: { devices: ['gpu0', 'gpu1'].map((name) => join(root, name)), shared: [join(root, 'gpuctl')] },
  });
}

describe.skipIf(!canRun)('the confinement of a container of Linux', () => {
  let machine: TaskMachine;
  let containerizer: Containerizer;
  let image = '';

  const container = (linux_info: ContainerInfo['linux_info'], more: Partial<ContainerInfo> = {}): ContainerInfo => {
    return { type: 'MESOS', ...(linux_info === undefined ? {} : { linux_info }), ...more };
  };
  const onImage = () => ({ mesos: { image: { type: 'DOCKER', docker: { name: image } } } });
  const run = async (text: string, info: ContainerInfo, changes: Partial<ContainerSpec> = {}) => {
    const spec = { ...machine.shell(text), container: info, ...changes };
    const launched = await containerizer.launch(spec);
    expect(launched.ok ? 'launched' : launched.message).toBe('launched');
    return { spec, exit: () => machine.exitOf(spec), out: () => machine.read(spec, 'stdout') };
  };
  const output = async (text: string, info: ContainerInfo, changes: Partial<ContainerSpec> = {}) => {
    const task = await run(text, info, changes);
    await task.exit();
    return task.out().trim().split('\n');
  };
  const refusal = async (info: ContainerInfo, changes: Partial<ContainerSpec> = {}) => {
    const outcome = await containerizer.launch({ ...machine.shell('true'), container: info, ...changes });
    return outcome.ok ? 'launched' : outcome.message;
  };

  beforeAll(async () => {
    machine = new TaskMachine(makeLinux);
    const directory = join(machine.root, 'image');
    mkdirSync(directory);
    await writeLayout(makeImage({ layers: [busyboxLayer()], packing: 'none' }), directory, 'v1');
    image = `oci:${directory}:v1`;
    containerizer = machine.containerizer();
    expect(await containerizer.fingerprint()).toEqual({ containerizers: ['linux'] });
    await containerizer.recover(machine.onExit);
  });

  afterAll(async () => {
    await machine.destroy();
    const left = leftoversOf(machine.root, [machine.root]);
    expect(left).toEqual({ processes: [], mounts: [], groups: [], interfaces: [], rules: [] });
  });

  it('has the capabilities that were asked for, as another user too, within what the agent allows', async () => {
    const status = 'grep -E "^Cap(Eff|Bnd):" /proc/self/status | cut -f 2';
    const net = { effective_capabilities: { capabilities: ['NET_ADMIN'] } };
    expect(await output(status, container(net))).toEqual(['0000000000001000', '0000000000001000']);
    expect(await output(status, container(net), { user: 'nobody' })).toEqual(['0000000000001000', '0000000000001000']);
    const none = { bounding_capabilities: { capabilities: [] } };
    expect(await output(status, container(none))).toEqual(['0000000000000000', '0000000000000000']);
    const admin = { capabilities: ['SYS_ADMIN'] };
    const chown = { capabilities: ['CHOWN'] };
    expect(await refusal(container({ effective_capabilities: admin }))).toMatch(/^capability-refused: .*CAP_SYS_ADMIN/);
    expect(
      await refusal(container({ effective_capabilities: chown, bounding_capabilities: { capabilities: [] } })),
    ).toMatch(/^capability-refused: CAP_CHOWN is effective/);
  });

  it('has the seccomp profile that was named, another one for other capabilities, or none', async () => {
    const text = 'grep "^Seccomp:" /proc/self/status | cut -f 2; mkdir made 2>/dev/null && echo made; true';
    const named = { seccomp: { profile_name: 'no-mkdir.json' } };
    expect(await output(text, container(named))).toEqual(['2']);
    const able = { ...named, effective_capabilities: { capabilities: ['NET_ADMIN', 'DAC_OVERRIDE'] } };
    expect(await output(text, container(able))).toContain('made');
    expect(await output(text, container({ seccomp: { unconfined: true } }))).toEqual(['0', 'made']);
    for (const name of ['nothing.json', '../profiles/no-mkdir.json']) {
      expect(await refusal(container({ seccomp: { profile_name: name } }))).toMatch(/^seccomp-profile-missing: /);
    }
    const broken = container({ seccomp: { profile_name: 'broken.json' } });
    expect(await refusal(broken)).toMatch(/^seccomp-profile-invalid: /);
  });

  it('has the limits that were asked for, up to those of the agent itself', async () => {
    const rlimits = [{ type: 'RLMT_NOFILE', soft: 100, hard: 200 }, { type: 'RLMT_CORE' }];
    const limits = container(undefined, { rlimit_info: { rlimits } });
    expect(await output('ulimit -S -n; ulimit -H -n', limits)).toEqual(['100', '200']);
    const files = { type: 'RLMT_NOFILE', soft: 1, hard: 1e9 };
    expect(await refusal(container(undefined, { rlimit_info: { rlimits: [files] } }))).toMatch(/^rlimit-refused: /);
    expect(await refusal(container(undefined, { rlimit_info: { rlimits: [{ type: 'RLMT_LUCK' }] } }))).toMatch(
      /^rlimit-refused: there is no limit RLMT_LUCK/,
    );
  });

  it('cannot write to its image when that is read-only, and has directories in memory of the size that was given', async () => {
    const tmpfs = [{ container_path: '/scratch', size_mebibytes: 2 }];
    const info = container({ read_only_root: true, tmpfs, shm_size: 3 }, { ...onImage(), hostname: 'named' });
    const text = [
      'touch /here 2>/dev/null && echo root',
      'touch sandbox /scratch/file && echo writable',
      'head -c 4000000 /dev/zero 2>/dev/null >/scratch/big || echo full',
      'df -k /scratch /dev/shm | tail -n 2 | tr -s " " | cut -d " " -f 2; hostname',
    ].join('\n');
    expect(await output(text, info)).toEqual(['writable', 'full', '2048', '3072', 'named']);
  });

  it('is asked to end by the signal that was named, a command line with all its processes', async () => {
    const stop = container({ stop_signal: 'SIGUSR1' });
    const worker = `trap 'echo asked; exit 0' USR1; trap 'echo term' TERM; echo ready; while :; do sleep 0.05; done`;
    const task = await run(`sh -c ${JSON.stringify(worker)}; true`, stop);
    await until(() => task.out().includes('ready'));
    containerizer.kill(task.spec.containerId, 10_000);
    await task.exit();
    expect(task.out()).toBe('ready\nasked\n');
    expect(await refusal(container({ stop_signal: 'SIGNOTHING' }))).toMatch(/^stop-signal-unknown: /);
  });

  it('may use the devices that it has as gpus, each one container at a time, over a restart of the agent too', async () => {
    const limits = { cpus: 0.1, memoryBytes: 0, diskBytes: 0, gpus: 1 };
    const [gpu0, gpu1, control] = ['gpu0', 'gpu1', 'gpuctl'].map((name) => JSON.stringify(join(machine.root, name)));
    const look = `for device in ${gpu0 ?? ''} ${gpu1 ?? ''} ${control ?? ''}; do true 2>/dev/null <"$device" && echo may || echo not; done`;
    const first = await run(`${look}; echo up; sleep 1000`, container({}, onImage()), { limits });
    await until(() => first.out().includes('up'));
    expect(first.out()).toBe('may\nnot\nmay\nup\n');
    await containerizer.close();
    containerizer = machine.containerizer();
    await containerizer.fingerprint();
    const { containerId } = first.spec;
    expect(await containerizer.recover(machine.onExit)).toContainEqual(
      expect.objectContaining({ containerId, state: 'running' }),
    );
    expect(await refusal(container({}), { limits: { ...limits, gpus: 2 } })).toMatch(
      /^gpu-missing: .* wants 2 gpus, and 1 are free/,
    );
    containerizer.kill(containerId, 0);
    await first.exit();
    expect(await output(look, container({}, onImage()), { limits: { ...limits, gpus: 2 } })).toEqual([
      'may',
      'may',
      'may',
    ]);
    expect(await output(look, container({}, onImage()))).toEqual(['not', 'not', 'not']);
  });

  it('sees the processes of others in its pod that want it as well, until the last is gone, and never those of the machine', async () => {
    const look = 'ps -e -o args= 2>/dev/null | grep -c "^sleep 3141"; readlink /proc/self/ns/pid';
    const pod = { podId: `pod-${machine.shell('').containerId}`, directory: machine.root };
    const sharing = container({ share_pid_namespace: true });
    const keeper = await run('sleep 3141 & echo up; wait', sharing, { pod });
    const [seen, shared] = await output(look, sharing, { pod });
    const [unseen, own] = await output(look, container({}), { pod });
    expect([seen, unseen]).toEqual(['1', '0']);
    expect(own).not.toBe(shared);
    // An agent that comes after it knows them still.
    await containerizer.close();
    containerizer = machine.containerizer();
    await containerizer.fingerprint();
    await containerizer.recover(machine.onExit);
    expect(holdersOf(shared)).not.toEqual([]);
    containerizer.kill(keeper.spec.containerId, 0);
    await keeper.exit();
    for (const containerId of machine.exits.keys()) await containerizer.remove(containerId);
    await until(() => holdersOf(shared).length === 0);
    expect(await refusal(sharing)).toMatch(/^namespace-refused: /);
  });

  it('shares IPC with its pod unless it says otherwise, and never with the machine', async () => {
    const text = "ls -l /proc/self/ns/ipc | grep -o 'ipc:.*'";
    const pod = { podId: `pod-${machine.shell('').containerId}`, directory: machine.root };
    const keeper = await run('echo up; sleep 1000', container({}), { pod });
    const [shared] = await output(text, container({}), { pod });
    const [again] = await output(text, container({ ipc_mode: 'SHARE_PARENT' }), { pod });
    const [own] = await output(text, container({ ipc_mode: 'PRIVATE' }), { pod });
    expect(again).toBe(shared);
    expect(own).not.toBe(shared);
    expect(await refusal(container({ ipc_mode: 'SHARE_PARENT' }))).toMatch(/^namespace-refused: /);
    containerizer.kill(keeper.spec.containerId, 0);
    await keeper.exit();
    for (const containerId of machine.exits.keys()) await containerizer.remove(containerId);
  });
});

/** Processes of the machine that are in a namespace, e.g. `pid:[4026532001]`. */
function holdersOf(namespace: string | undefined): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/ns/pid`) === namespace;
    } catch {
      return false;
    }
  });
}
