/**
 * `npm run console-soak -- --minutes 60`: one tab of the console over 10,000 apps and 100,000 instances that keep changing,
 * for as long as wished, walking through its pages; what it holds is measured as it goes.
 */
import { parseArgs } from 'node:util';
import { delay } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import {
  APPS,
  INSTANCES_PER_APP,
  heapMebibytes,
  openConsoleStage,
  scale,
  tabMebibytes,
  type ConsoleStage,
} from './console-stage.ts';
import { report } from './figures.ts';

const MINUTES = 2;
/** A change each so often, all the time. */
const CHANGE_MS = 500;
/** So long the tab stays on one page. */
const PAGE_MS = 15_000;
const MEBIBYTES_MAX = 300;
const PATHS = ['/apps', '/apps?q=load', '/events', '/map', '/deployments', '/app/load/app-1', '/nodes', '/'];

const { values } = parseArgs({ options: { minutes: { type: 'string', default: String(MINUTES) } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) {
  console.error(`--minutes must be a number above 0, not '${values.minutes}'`);
  process.exit(2);
}
process.exit((await soak(minutes)) ? 0 : 1);

async function soak(wantedMinutes: number): Promise<boolean> {
  const stage = await openConsoleStage();
  try {
    const measured = await walk(stage, systemClock.monotonic() + wantedMinutes * 60_000);
    const heaps = measured.map(({ heap }) => heap);
    const quarter = Math.max(1, Math.floor(heaps.length / 4));
    return report(`the console for ${String(wantedMinutes)} minutes, with a change each ${String(CHANGE_MS)} ms`, [
      {
        what: 'process of the tab, at most',
        value: Math.max(...measured.map(({ tab }) => tab)),
        unit: 'MiB',
        wanted: { relation: '≤', bound: MEBIBYTES_MAX },
      },
      { what: 'heap of the tab, at most', value: Math.max(...heaps), unit: 'MiB' },
      { what: 'heap in the first quarter, on average', value: average(heaps.slice(0, quarter)), unit: 'MiB' },
      { what: 'heap in the last quarter, on average', value: average(heaps.slice(-quarter)), unit: 'MiB' },
      { what: 'measurements', value: heaps.length, unit: '' },
    ]);
  } finally {
    await stage.stop();
  }
}

/** What a tab takes, MiB: its JavaScript without garbage, and its process with all. */
interface Measured {
  readonly heap: number;
  readonly tab: number;
}

/** Goes from page to page as a person does, within one tab. @returns one measurement per page */
async function walk({ browser, plane, url }: ConsoleStage, end: number): Promise<Measured[]> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(url);
  await page.getByText('instances up').waitFor({ timeout: 60_000 });
  const measured: Measured[] = [];
  for (let turn = 0; systemClock.monotonic() < end; turn += 1) {
    const path = PATHS[turn % PATHS.length] ?? '/';
    // By the history, not by loading: the tab keeps what it has.
    await page.evaluate((to) => {
      history.pushState(undefined, '', to);
      dispatchEvent(new PopStateEvent('popstate'));
    }, path);
    for (let spent = 0; spent < PAGE_MS && systemClock.monotonic() < end; spent += CHANGE_MS) {
      const changed = (turn * 31 + spent) % APPS;
      await scale(plane, `/load/app-${String(changed)}`, INSTANCES_PER_APP + ((turn + spent / CHANGE_MS) % 2));
      await delay(systemTimers, CHANGE_MS);
    }
    const tab = await tabMebibytes(browser);
    const heap = await heapMebibytes(page);
    measured.push({ heap, tab });
    console.log(`${new Date().toISOString()} ${path.padEnd(20)} ${heap.toFixed(1)} MiB of ${tab.toFixed(0)} MiB`);
  }
  return measured;
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
