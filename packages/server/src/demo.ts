/** Deploys the demo service and waits until it is healthy. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PlatformError, delay, type Clock, type Timers } from '@stadion/base';
import { createOrchestratorClient } from '@stadion/contract/client';
import type { AppInput } from '@stadion/contract/orchestrator';

const POLL_MS = 50;
const HEALTHY_LIMIT_MS = 60_000;

/** Where the demo service came to run. */
export interface DemoPlace {
  readonly appId: string;
  /** A URL for a browser. */
  readonly url: string;
}

/** The examples of this repository. */
function examplesDirectory(): string {
  const repository = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
  return join(repository, 'examples');
}

/** The demo app, with the places of its program and of the orchestrator filled in: both differ from one start to the next. */
function readDemoApp(orchestrator: string): AppInput {
  const directory = examplesDirectory();
  const path = join(directory, 'demo-app.json');
  if (!existsSync(path)) {
    throw new PlatformError('demo-missing', `${path} is missing: --demo works in a checkout of the repository only.`);
  }
  const app = JSON.parse(readFileSync(path, 'utf8')) as AppInput;
  const places = { DEMO_SERVICE: join(directory, 'demo-service'), STADION_ORCHESTRATOR: orchestrator };
  return { ...app, env: { ...app.env, ...places } };
}

/**
 * Puts the demo app (unchanged if it is there already) and waits until one instance is healthy.
 * @param orchestrator its URL
 * @param progress told what is being waited for
 * @throws PlatformError `demo-failed`
 */
export async function deployDemo(
  orchestrator: string,
  time: Clock & Timers,
  progress: (text: string) => void,
): Promise<DemoPlace> {
  const client = createOrchestratorClient({ baseUrl: orchestrator });
  const app = readDemoApp(orchestrator);
  const id = `/${String(app.id).replace(/^\/+/, '')}`;
  progress(`deploying the demo service ${id}`);
  const { apps } = await client.listApps({ query: { id } });
  if (!apps.some((existing) => existing.id === id)) await client.createApp({ body: app });
  // Only the places may have changed: how many instances run is the user's business.
  else await client.putApp({ params: { id }, query: { force: true }, body: { env: { ...app.env } } });
  const end = time.monotonic() + HEALTHY_LIMIT_MS;
  for (;;) {
    const { app: state } = await client.getApp({ params: { id } });
    const task = state.tasks?.find((candidate) => candidate.ports.length > 0);
    if (state.instances === 0 || ((state.tasksHealthy ?? 0) > 0 && task !== undefined)) {
      return { appId: id, url: `http://${task?.host ?? '127.0.0.1'}:${String(task?.ports[0] ?? 0)}/` };
    }
    if (time.monotonic() > end) {
      const failure = state.lastTaskFailure === undefined ? '' : ` (last failure: ${state.lastTaskFailure.message})`;
      throw new PlatformError(
        'demo-failed',
        `The demo service is not healthy after ${String(HEALTHY_LIMIT_MS / 1000)} s${failure}. ` +
          `See 'npx stadion app why ${id}' and 'npx stadion logs --stderr ${id}'.`,
      );
    }
    await delay(time, POLL_MS);
  }
}
