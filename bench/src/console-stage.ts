/** The console in a real Chromium over the real control plane, with very many apps on simulated agents. */
import { readFile } from 'node:fs/promises';
import { silentLogger } from '@stadion/base';
import { SystemRandom } from '@stadion/base/system';
import { createOrchestratorHttp } from '@stadion/orchestrator';
import { consolePages } from '@stadion/server';
import { sampleApp } from '@stadion/simulator';
import { chromium, type Browser, type Page } from 'playwright-core';
import { startControlPlane, systemTime, until, type ControlPlane } from './control-plane.ts';

export const APPS = 10_000;
export const INSTANCES_PER_APP = 10;
const BATCH = 500;

/** What is looked at, and what it is looked at with. */
export interface ConsoleStage {
  readonly plane: ControlPlane;
  readonly browser: Browser;
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts everything, with all apps running. */
export async function openConsoleStage(): Promise<ConsoleStage> {
  const plane = await startControlPlane(500, 64);
  await fill(plane);
  const random = new SystemRandom();
  const http = createOrchestratorHttp(plane.engine, {
    time: systemTime,
    random,
    log: silentLogger,
    leader: () => '127.0.0.1:8080',
    ready: () => true,
    pages: consolePages(random),
  });
  const url = await http.listen({ host: '127.0.0.1', port: 0 });
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--enable-precise-memory-info'],
  });
  return {
    plane,
    browser,
    url,
    async stop() {
      await browser.close();
      await http.close();
      await plane.stop();
    },
  };
}

async function fill(plane: ControlPlane): Promise<void> {
  for (let first = 0; first < APPS; first += BATCH) {
    const outcome = await plane.engine.changeRoot(
      (_root, version) => ({
        ok: true,
        value: {
          upserts: Array.from({ length: BATCH }, (_, index) => ({
            ...sampleApp(`/load/app-${first + index}`, version, 'one'),
            instances: INSTANCES_PER_APP,
            cpus: 0.01,
            mem: 1,
          })),
          removals: [],
        },
      }),
      { force: false },
    );
    if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.rejection)}`);
    await until(() => plane.engine.view.deployments().length === 0);
  }
}

/** Wants another number of instances of an app, and gives back once that is committed. */
export async function scale(plane: ControlPlane, id: string, instances: number): Promise<void> {
  const outcome = await plane.engine.changeRoot(
    (root, version) => {
      const app = root.app(id);
      return app === undefined
        ? { ok: false, rejection: { kind: 'not-found', message: id } }
        : { ok: true, value: { upserts: [{ ...app, version, instances }], removals: [] } };
    },
    { force: true },
  );
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.rejection)}`);
}

/**
 * What the one tab there is takes of this machine's memory, with a share of what it shares with others (Pss). Of the processes
 * of the kind it is the largest: Chromium has one for its own frame, and one in reserve.
 */
export async function tabMebibytes(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  let largest = 0;
  for (const { id, type } of processInfo) {
    if (type !== 'renderer') continue;
    const rollup = await readFile(`/proc/${String(id)}/smaps_rollup`, 'utf8');
    largest = Math.max(largest, Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? Number.NaN));
  }
  return largest / 1024;
}

/** What the page's JavaScript holds, without garbage. */
export async function heapMebibytes(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return usedSize / 2 ** 20;
}
