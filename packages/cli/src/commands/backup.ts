/** `stadion backup …`: keeps the state of a platform that is stopped, or of a cluster, and brings it back. */
import { PlatformError } from '@stadion/base';
import type { BackupTask, StatePlace } from '@stadion/contract';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { CommandCall, CommandSpec, OptionSpec } from './command.ts';

const ZK: OptionSpec = { flags: '--zk <url>', description: 'the state in ZooKeeper instead of that of --data-dir' };
const ZK_TLS: readonly OptionSpec[] = [
  {
    flags: '--zk-tls-ca <file>',
    description: 'authorities (PEM) that ZooKeeper’s certificates are from, with zks://…',
  },
  { flags: '--zk-tls-cert <file>', description: 'certificate (PEM) to show to ZooKeeper' },
  { flags: '--zk-tls-key <file>', description: 'its key' },
];
const FORCE: OptionSpec = { flags: '--force', description: 'replace what is there' };

/** The commands. */
export const backupCommands: readonly CommandSpec[] = [
  {
    path: 'backup create',
    arguments: '<file>',
    summary: 'write the state of a stopped platform, or of a cluster in ZooKeeper, to a file',
    options: [ZK, ...ZK_TLS],
    examples: ['stadion backup create monday.backup --zk zk://a,b,c/stadion'],
    run: (call) => run(call, { type: 'create', file: call.argument(0), from: placeOf(call) }, 'Wrote'),
  },
  {
    path: 'backup verify',
    arguments: '<file>',
    summary: 'read a backup to its end and check that it is whole',
    run: (call) => run(call, { type: 'verify', file: call.argument(0) }, 'Whole:'),
  },
  {
    path: 'backup restore',
    arguments: '<file>',
    summary: 'bring a backup back, into an empty place or instead of what is there',
    options: [ZK, ...ZK_TLS, FORCE],
    run: (call) => {
      const task = {
        type: 'restore',
        file: call.argument(0),
        to: placeOf(call),
        replaces: call.isSet('force'),
      } as const;
      return run(call, task, 'Restored');
    },
  },
  {
    path: 'backup move',
    arguments: '<zk-url>',
    summary: 'copy the state of a stopped platform into ZooKeeper, to go on with several servers',
    options: [...ZK_TLS, FORCE],
    examples: ['stadion backup move zk://a,b,c/stadion --data-dir /var/lib/stadion'],
    run: (call) => {
      const from = { dataDir: call.session.dataDirectory };
      const to = { ...placeOf(call), zk: call.argument(0) };
      return run(call, { type: 'move', from, to, replaces: call.isSet('force') }, 'Moved');
    },
  },
];

function placeOf(call: CommandCall): StatePlace {
  return {
    dataDir: call.session.dataDirectory,
    zk: call.text('zk'),
    zkTlsCa: call.text('zkTlsCa'),
    zkTlsCert: call.text('zkTlsCert'),
    zkTlsKey: call.text('zkTlsKey'),
  };
}

async function run(call: CommandCall, task: BackupTask, verb: string): Promise<ExitCode> {
  const { ports, printer } = call.session;
  if (ports.backUp === undefined) {
    throw new PlatformError('platform-missing', 'This is the client alone: it cannot work on the state itself.');
  }
  const summary = await ports.backUp(task);
  printer.answer(summary, () => [`${verb} ${String(summary.records)} records, as of ${summary.createdAt}.`]);
  return EXIT.ok;
}
