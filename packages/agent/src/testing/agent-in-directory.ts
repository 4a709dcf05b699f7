/** Options of an agent in virtual time whose sandboxes and volumes are real directories, for tests of what it serves. */
import { SeededRandom, silentLogger } from '@stadion/base';
import type { VirtualTime } from '@stadion/base/testing';
import { createFakeContainerizer } from '../adapters/fake/fake-containerizer.ts';
import { MemoryCheckpoints } from '../adapters/checkpoints-memory/memory-checkpoints.ts';
import { MemoryFetcher } from '../adapters/fetcher-memory/memory-fetcher.ts';
import { MemoryProber } from '../adapters/prober-memory/memory-prober.ts';
import { FileSandboxes } from '../adapters/sandboxes-file/file-sandboxes.ts';
import { FileVolumes } from '../adapters/volumes-file/file-volumes.ts';
import type { AgentOptions } from '../agent-options.ts';
import type { FakeMaster } from './fake-master.ts';

/** @param root the work directory */
export function optionsIn(root: string, master: FakeMaster, time: VirtualTime): AgentOptions {
  return {
    dialer: master,
    containerizer: createFakeContainerizer({ clock: time, timers: time }),
    checkpoints: new MemoryCheckpoints(),
    sandboxes: new FileSandboxes(root),
    volumes: new FileVolumes(root),
    fetcher: new MemoryFetcher(),
    prober: new MemoryProber(),
    clock: time,
    timers: time,
    random: new SeededRandom(1),
    log: silentLogger,
    info: {
      hostname: 'host-1',
      ip: '10.0.0.1',
      port: 5051,
      resources: [
        { name: 'cpus', type: 'SCALAR', scalar: { value: 4 } },
        { name: 'mem', type: 'SCALAR', scalar: { value: 1024 } },
        { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 31000, end: 32000 }] } },
      ],
      attributes: [{ name: 'rack', type: 'TEXT', text: { value: 'r1' } }],
      version: '1.11.0',
    },
    config: { logWatchIntervalMs: 0 },
  };
}
