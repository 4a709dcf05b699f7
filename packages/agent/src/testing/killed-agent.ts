/**
 * An agent with linux containers in a process that lives to be killed. It is told of the same tasks in each of its lives,
 * and says on stdout what it reports of them, one status a line, before it hears that it was understood.
 * Usage: `node killed-agent.js ROOT TASKS`, where TASKS is JSON: commands by task id. On SIGTERM it ends all tasks.
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { delay, silentLogger } from '@stadion/base';
import { SystemRandom, systemClock, systemTimers } from '@stadion/base/system';
import { FileCheckpoints } from '../adapters/checkpoints-file/file-checkpoints.ts';
import { MemoryFetcher } from '../adapters/fetcher-memory/memory-fetcher.ts';
import { createLinuxContainerizer } from '../adapters/linux/linux-containerizer.ts';
import { createNetworkProber } from '../adapters/prober-network/network-prober.ts';
import { FileSandboxes } from '../adapters/sandboxes-file/file-sandboxes.ts';
import { FileVolumes } from '../adapters/volumes-file/file-volumes.ts';
import { createAgent } from '../agent.ts';
import { FakeMaster, makeTask } from './fake-master.ts';

const END_MS_MAX = 60_000;
const [root = '', commands = '{}'] = process.argv.slice(2);
const ports = { clock: systemClock, timers: systemTimers, log: silentLogger };

/** Says what it hears before it acknowledges. */
class SpeakingMaster extends FakeMaster {
  override acknowledge(status: Parameters<FakeMaster['acknowledge']>[0]): void {
    const { task_id, state, message } = status;
    // Straight to the descriptor: what is printed is with the reader, even when the next moment is the last.
    writeSync(1, `${JSON.stringify({ id: task_id.value, state, message })}\n`);
    super.acknowledge(status);
  }
}

const master = new SpeakingMaster();
const agent = createAgent({
  ...ports,
  dialer: master,
  containerizer: createLinuxContainerizer({
    ...ports,
    runtimeDirectory: join(root, 'linux'),
    hiddenDirectories: [],
  }),
  checkpoints: new FileCheckpoints(root),
  sandboxes: new FileSandboxes(root),
  volumes: new FileVolumes(root),
  fetcher: new MemoryFetcher(),
  prober: createNetworkProber(ports),
  random: new SystemRandom(),
  info: {
    hostname: 'localhost',
    ip: '127.0.0.1',
    port: 5051,
    resources: [
      { name: 'cpus', type: 'SCALAR', scalar: { value: 1000 } },
      { name: 'mem', type: 'SCALAR', scalar: { value: 1_000_000 } },
    ],
    attributes: [],
    version: '1.11.0',
  },
  config: { inheritedEnvironment: process.env },
});
process.once('SIGTERM', () => {
  void agent
    .endTasks(END_MS_MAX)
    .then(() => agent.stop())
    .then(() => process.exit(0));
});
await agent.start();
while (!agent.registered) await delay(systemTimers, 1);
const tasks = Object.entries(JSON.parse(commands) as Record<string, string>);
master.run(...tasks.map(([id, value]) => makeTask(id, { command: { value } })));
writeSync(1, `${JSON.stringify({ ready: true })}\n`);
