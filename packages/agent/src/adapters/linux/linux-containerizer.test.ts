import { silentLogger } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { Containerizer } from '../../ports/containerizer.ts';
import { describeContainerizer, type ConformanceSubject } from '../../testing/containerizer-conformance.ts';
import { describeExec } from '../../testing/exec-conformance.ts';
import { describeTerminal } from '../../testing/terminal-conformance.ts';
import { TaskMachine, until } from '../../testing/task-machine.ts';
import { createLinuxContainerizer } from './linux-containerizer.ts';

const missing = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');
const canRun = process.getuid?.() === 0 && !['runc', 'tini'].some((part) => missing.includes(part));

function makeLinux(root: string): Containerizer {
  return createLinuxContainerizer({
    runtimeDirectory: join(root, 'run'),
    hiddenDirectories: [],
    clock: systemClock,
    timers: systemTimers,
    log: silentLogger,
  });
}

describe.skipIf(!canRun)('containers of Linux', () => {
  const makeSubject = (): ConformanceSubject => {
    const machine = new TaskMachine(makeLinux);
    const commands = {
      runs: 'exec sleep 1000',
      'exits-0': 'exit 0',
      'exits-3': 'exit 3',
      'ignores-sigterm': 'trap "" TERM; echo ready; while :; do sleep 0.05; done',
    };
    const open = async (): Promise<Containerizer> => {
      const containerizer = machine.containerizer();
      expect(await containerizer.fingerprint()).toEqual({ containerizers: ['linux'] });
      return containerizer;
    };
    return {
      create: open,
      recreate: open,
      spec: async (behaviour) => machine.shell(commands[behaviour]),
      ready: (spec) => until(() => machine.read(spec, 'stdout').includes('ready')),
      until,
      destroy: () => machine.destroy(),
    };
  };
  describeContainerizer('linux', makeSubject);
  describeExec('linux', makeSubject);
  describeTerminal('linux', makeSubject);
});
