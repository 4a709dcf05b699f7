/** Docker containers: started by the agent's containerizer, beside `docker run` of the same image with the same options. */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createDockerContainerizer } from '@stadion/agent/containerizers';
import { DockerDaemon, withBusyboxTree } from '@stadion/agent/testing';
import { silentLogger } from '@stadion/base';
import { SystemRandom, systemClock, systemTimers } from '@stadion/base/system';
import { compareStarts, ContainerBench } from './container-bench.ts';
import { quantile, report } from './figures.ts';

const PAIRS = 20;
const WARM_UP_PAIRS = 3;
const IMAGE = 'busybox:bench';

/** `npm run bench docker-start` */
export async function benchDockerStart(): Promise<boolean> {
  const daemon = await DockerDaemon.start();
  try {
    await withBusyboxTree((folder) => daemon.importImage(folder, IMAGE));
    const ports = { clock: systemClock, timers: systemTimers, random: new SystemRandom(), log: silentLogger };
    const bench = new ContainerBench(
      (root) => createDockerContainerizer({ ...ports, host: daemon.host, runtimeDirectory: join(root, 'docker') }),
      { container: { type: 'DOCKER', docker: { image: IMAGE, network: 'HOST' } }, environment: {} },
    );
    await bench.open();
    try {
      return await comparedStarts(bench, daemon);
    } finally {
      await bench.close();
    }
  } finally {
    await daemon.stop();
  }
}

async function comparedStarts(bench: ContainerBench, daemon: DockerDaemon): Promise<boolean> {
  const { ours, raw } = await compareStarts(bench, PAIRS, WARM_UP_PAIRS, (pair) => rawStart(bench, daemon, pair));
  const [oursP50, rawP50] = [quantile(ours, 0.5), quantile(raw, 0.5)];
  return report(`docker-start: beside docker run of the same image, ${PAIRS} pairs`, [
    { what: 'docker run --detach, p50', value: rawP50, unit: 'ms' },
    { what: 'docker, launch to running, p50', value: oursP50, unit: 'ms' },
    { what: 'docker, launch to running, p99', value: quantile(ours, 0.99), unit: 'ms' },
    { what: 'docker ÷ docker run, p50', value: oursP50 / rawP50, unit: '', wanted: { relation: '≤', bound: 1.15 } },
  ]);
}

/** Milliseconds of `docker run` until the same command runs. */
async function rawStart(bench: ContainerBench, { host }: DockerDaemon, pair: number): Promise<number> {
  const sandbox = join(bench.root, `raw-${pair}`);
  mkdirSync(sandbox);
  const name = `raw-${pair}`;
  const limits = ['--memory', '32m', '--cpu-shares', '10'];
  const words = ['run', '--detach', '--name', name, '--init', '--network', 'host', ...limits];
  const before = systemClock.monotonic();
  await docker(host, [
    ...words,
    '--volume',
    `${sandbox}:/mnt/mesos/sandbox`,
    IMAGE,
    '/bin/sh',
    '-c',
    'exec sleep 100000',
  ]);
  const elapsedMs = systemClock.monotonic() - before;
  await docker(host, ['rm', '--force', '--volumes', name]);
  return elapsedMs;
}

async function docker(host: string, words: readonly string[]): Promise<void> {
  const child = spawn('docker', ['--host', host, ...words], { stdio: ['ignore', 'ignore', 'inherit'] });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`docker ${words.join(' ')} ended with ${String(code)}`);
}
