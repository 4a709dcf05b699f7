/** From POST to RUNNING, beside a bare spawn of the same command, in turns, on a real platform in its own process. */
import { spawn } from 'node:child_process';
import { systemClock } from '@stadion/base/system';
import { createOrchestratorClient } from '@stadion/contract/client';
import { RunningPlatform } from '../../tests/support/running-platform.ts';
import { quantile, report } from './figures.ts';

const ROUNDS = 60;
const WARM_UP_ROUNDS = 5;
const COMMAND = 'exec sleep 1000';

/** Milliseconds until the operating system has started `/bin/sh -c COMMAND`. */
async function bareSpawn(): Promise<number> {
  const startedAt = systemClock.monotonic();
  const child = spawn('/bin/sh', ['-c', COMMAND], { stdio: 'ignore' });
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const elapsedMs = systemClock.monotonic() - startedAt;
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  return elapsedMs;
}

/** Calls `onRunning` with the app id of every task that reaches RUNNING, as the event stream tells it. */
async function followRunning(url: string, onRunning: (appId: string) => void, signal: AbortSignal): Promise<void> {
  const client = createOrchestratorClient({ baseUrl: url });
  const events = await client.events({ types: ['status_update_event'], signal });
  const read = async (): Promise<void> => {
    for await (const event of events) {
      if (event.eventType === 'status_update_event' && event.taskStatus === 'TASK_RUNNING') onRunning(event.appId);
    }
  };
  void read().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/** `npm run bench start-latency` */
export async function benchStartLatency(): Promise<boolean> {
  const platform = await RunningPlatform.start();
  const waiting = new Map<string, () => void>();
  const ended = new AbortController();
  await followRunning(platform.addresses.orchestrator, (appId) => waiting.get(appId)?.(), ended.signal);
  const bare: number[] = [];
  const full: number[] = [];
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
    const bareMs = await bareSpawn();
    const id = `/latency-${round}`;
    const running = new Promise<void>((resolve) => waiting.set(id, resolve));
    const startedAt = systemClock.monotonic();
    const answer = await platform.call('POST', '/v2/apps', {
      id,
      cmd: COMMAND,
      cpus: 0.001,
      mem: 1,
      portDefinitions: [],
    });
    if (answer.status !== 201) throw new Error(`POST answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    await running;
    const fullMs = systemClock.monotonic() - startedAt;
    if (round >= WARM_UP_ROUNDS) {
      bare.push(bareMs);
      full.push(fullMs);
    }
    await platform.call('DELETE', `/v2/apps${id}`);
  }
  ended.abort();
  await platform.settled();
  await platform.dispose();
  const differences = full.map((value, index) => value - (bare[index] ?? 0));
  return report(`start latency: POST → TASK_RUNNING on the event stream, ${ROUNDS} rounds in pairs`, [
    { what: 'bare spawn, p50', value: quantile(bare, 0.5), unit: 'ms' },
    { what: 'platform, p50', value: quantile(full, 0.5), unit: 'ms' },
    { what: 'platform, p99', value: quantile(full, 0.99), unit: 'ms' },
    {
      what: 'platform − bare spawn, p50',
      value: quantile(differences, 0.5),
      unit: 'ms',
      wanted: { relation: '≤', bound: 60 },
    },
  ]);
}
