/** The console with 10,000 apps and 100,000 instances on simulated agents, in a real Chromium. */
import { delay } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import type { CDPSession, Page } from 'playwright-core';
import { INSTANCES_PER_APP, heapMebibytes, openConsoleStage, scale } from './console-stage.ts';
import { until, type ControlPlane } from './control-plane.ts';
import { quantile, report } from './figures.ts';

const CHANGES = 20;
const SCROLLS = 60;
/** A step of the wheel comes with every second frame. */
const FRAMES_PER_STEP = 2;
const FRAME_MS = 16.7;

/** What a page writes down about itself. */
interface Watched {
  longTasks: number[];
  frames: number[];
}

/** `npm run bench console` */
export async function benchConsole(): Promise<boolean> {
  const stage = await openConsoleStage();
  const { plane, browser, url } = stage;
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.addInitScript(watch);
    let scriptBytes = 0;
    page.on('response', (response) => {
      if (response.url().endsWith('.js')) scriptBytes += Number(response.headers()['content-length'] ?? 0);
    });
    await page.goto(url);
    await page.getByText('instances up').waitFor();
    const firstView = scriptBytes;
    await page.goto(`${url}/apps?q=load`);
    await page.getByRole('link', { name: /(^|\/)app-0$/ }).waitFor();
    const interactive = await page.evaluate(() => performance.now());
    await page.getByText('10,000 apps of 10,000').waitFor();
    const scrolled = await scroll(page);
    const latencies = await changes(page, plane);
    const heap = await heapMebibytes(page);
    return report('the console with 10,000 apps and 100,000 instances', [
      {
        what: 'script of the first view, packed',
        value: firstView / 1024,
        unit: 'KiB',
        wanted: { relation: '≤', bound: 300 },
      },
      { what: 'rows of the list on screen', value: interactive, unit: 'ms', wanted: { relation: '≤', bound: 1000 } },
      {
        what: 'longest task while scrolling',
        value: Math.max(0, ...scrolled.longTasks),
        unit: 'ms',
        wanted: { relation: '≤', bound: 100 },
      },
      {
        what: 'work of the page for each step of the wheel',
        value: scrolled.workMs,
        unit: 'ms of CPU',
        wanted: { relation: '≤', bound: FRAMES_PER_STEP * FRAME_MS },
      },
      { what: 'frame while scrolling, median', value: quantile(scrolled.frames, 0.5), unit: 'ms' },
      { what: 'frame while scrolling, 95 %', value: quantile(scrolled.frames, 0.95), unit: 'ms' },
      { what: 'change on screen after its commit, median', value: quantile(latencies, 0.5), unit: 'ms' },
      {
        what: 'change on screen after its commit, 95 %',
        value: quantile(latencies, 0.95),
        unit: 'ms',
        wanted: { relation: '≤', bound: 500 },
      },
      { what: 'heap of the tab', value: heap, unit: 'MiB', wanted: { relation: '≤', bound: 300 } },
    ]);
  } finally {
    await stage.stop();
  }
}

/** Runs in the page, before anything of it. */
function watch(): void {
  const watched: Watched = { longTasks: [], frames: [] };
  Object.assign(globalThis, { watched });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) watched.longTasks.push(duration);
  }).observe({ type: 'longtask' });
  let before = performance.now();
  const frame = (now: number): void => {
    watched.frames.push(now - before);
    before = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

/** How long the page's main thread has worked so far, by its own clock: what else runs on the machine does not count. */
async function workedMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1000;
}

async function scroll(page: Page): Promise<Watched & { readonly workMs: number }> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  await page.mouse.move(700, 500);
  await page.evaluate(() =>
    Object.assign((globalThis as { watched?: Watched }).watched ?? {}, { longTasks: [], frames: [] }),
  );
  const before = await workedMs(session);
  for (let count = 0; count < SCROLLS; count += 1) {
    await page.mouse.wheel(0, 600);
    await delay(systemTimers, Math.round(FRAMES_PER_STEP * FRAME_MS));
  }
  const workMs = ((await workedMs(session)) - before) / SCROLLS;
  const { longTasks, frames } = await page.evaluate(
    () => (globalThis as { watched?: Watched }).watched ?? { longTasks: [], frames: [] },
  );
  await page.evaluate(() => document.getElementById('content')?.scrollTo({ top: 0 }));
  return { longTasks, frames, workMs };
}

/** Scales an app that is in sight, again and again. @returns milliseconds from the commit to the changed text */
async function changes(page: Page, plane: ControlPlane): Promise<number[]> {
  const latencies: number[] = [];
  const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: /(^|\/)app-0$/ }) });
  for (let count = 1; count <= CHANGES; count += 1) {
    const wanted = INSTANCES_PER_APP + (count % 2);
    await scale(plane, '/load/app-0', wanted);
    const committedAt = systemClock.monotonic();
    await row.getByText(`of ${wanted}`).waitFor();
    latencies.push(systemClock.monotonic() - committedAt);
    await until(() => plane.engine.view.deployments().length === 0);
  }
  return latencies;
}
