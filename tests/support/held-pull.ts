/** The pull of an image that stops half-way, so that how far it is can be looked at. */
import { SeededRandom } from '@stadion/base';
import { busyboxLayer, makeImage, SmallRegistry } from '@stadion/agent/testing';
import { EventRecorder } from './event-recorder.ts';
import type { RunningPlatform } from './running-platform.ts';

const BYTES = 4_000_000;

/**
 * Deploys an app on an image whose pull is held half-way until that is told, and lets it run then.
 * @param appOn makes the app of an image's name
 * @returns how far the pull was, e.g. `51 %, 2.1 of 4.1 MB`
 */
export async function heldPull(
  platform: RunningPlatform,
  appId: string,
  appOn: (image: string) => object,
): Promise<string> {
  const registry = await SmallRegistry.start({ hold: true });
  const events = await EventRecorder.open(platform.addresses.orchestrator);
  try {
    const layers = [busyboxLayer(), [{ name: 'noise', content: noise(BYTES) }]];
    const deployed = platform.change(
      'POST',
      '/v2/apps',
      appOn(registry.put('slow', '1', makeImage({ layers }))),
      60_000,
    );
    let told = '';
    await events.until('it is told how far the pull is', ({ name, data }) => {
      if (name !== 'status_update_event' || data.appId !== appId || data.taskStatus !== 'TASK_STARTING') return false;
      told = /^Pulling the image .*: (\d+ %, \S+ of \S+ MB)$/.exec(data.message)?.[1] ?? '';
      return told !== '';
    });
    registry.goOn();
    await deployed;
    return told;
  } finally {
    events.close();
    await registry.stop();
  }
}

/** Bytes that cannot be pressed together. */
function noise(size: number): Buffer {
  const random = new SeededRandom(1);
  return Buffer.from(Uint32Array.from({ length: size / 4 }, () => random.uint32()).buffer);
}
