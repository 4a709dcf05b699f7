/** What requests to a well-behaved service take, one after the other. */
import { delay } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';

const ASK_MS = 10;

/** Milliseconds, at the median and where one request in a hundred takes longer. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/** Asks for so long. @throws Error when a request fails or says something else */
export async function measureLatency(url: string, expected: string, forMs: number): Promise<Latency> {
  const samples: number[] = [];
  const end = systemClock.monotonic() + forMs;
  while (systemClock.monotonic() < end) {
    const before = systemClock.monotonic();
    const text = await (await fetch(url)).text();
    if (text.trim() !== expected) throw new Error(`the good service said: ${text}`);
    samples.push(systemClock.monotonic() - before);
    await delay(systemTimers, ASK_MS);
  }
  samples.sort((one, other) => one - other);
  const at = (fraction: number): number => samples[Math.floor(samples.length * fraction)] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}

/** A line about it. */
export function compareLatency(who: string, before: Latency, during: Latency): string {
  const change = (of: keyof Latency): string => `${of} ${before[of].toFixed(1)} → ${during[of].toFixed(1)} ms`;
  return `the good service beside ${who}: ${change('p50')}, ${change('p99')}`;
}
