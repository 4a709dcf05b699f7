/** `stadion dns …`: what names there are, who asks, who is out of rotation, and how this machine finds them. */
import { join } from 'node:path';
import { PlatformError, errorCode } from '@stadion/base';
import { createDnsClient, type DnsClient } from '@stadion/contract/client';
import { RESOLVERS, planResolver, type ResolverPlan } from '../core/resolver-setup.ts';
import { safeText } from '../core/safe-text.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { limits } from '../limits.ts';
import { usageError } from '../report-error.ts';
import type { CommandCall, CommandSpec, OptionSpec } from './command.ts';

const WHERE: OptionSpec = {
  flags: '--dns-url <url>',
  description: "address of the name server's HTTP API [default: that of the running platform, http://127.0.0.1:8123]",
};
const DEFAULT_DNS_URL = 'http://127.0.0.1:8123';

/** The commands. */
export const dnsCommands: readonly CommandSpec[] = [
  {
    path: 'dns query',
    arguments: '<name> [type]',
    summary: 'ask the name server, as a DNS client would (types: A, AAAA, SRV, …)',
    options: [WHERE],
    examples: ['stadion dns query demo.marathon.mesos', 'stadion dns query _demo._tcp.marathon.mesos SRV'],
    async run(call) {
      const { printer } = call.session;
      const name = call.argument(0);
      const type = call.arguments[1] ?? (name.startsWith('_') ? 'SRV' : 'A');
      const answer = await (await clientOf(call)).lookup(name, type);
      const rows = answer.answers.map((one) => [one.name, one.ttl, one.type, one.value]);
      printer.answer(
        answer,
        () =>
          rows.length > 0
            ? printer.table(['NAME', 'TTL', 'TYPE', 'VALUE'], rows)
            : [safeText(`${answer.name} has nothing of type ${answer.type} (${answer.code})`)],
        answer.answers.map(({ value }) => value),
      );
      return rows.length === 0 ? EXIT.error : EXIT.ok;
    },
  },
  {
    path: 'dns records',
    arguments: '[text]',
    summary: 'list the records, those whose name contains a text',
    options: [WHERE, { flags: '--zone <domain>', description: 'of this zone (default: the first)' }],
    async run(call) {
      const { printer } = call.session;
      const zone = await (await clientOf(call)).zone(call.text('zone'));
      const { As, AAAAs, SRVs } = zone.Records;
      const wanted = (call.arguments[0] ?? '').toLowerCase();
      const rows = [...rowsOf('A', As), ...rowsOf('AAAA', AAAAs), ...rowsOf('SRV', SRVs)]
        .filter(([name]) => name.includes(wanted))
        .sort(([one], [other]) => (one < other ? -1 : 1));
      printer.answer(
        zone,
        () => printer.table(['NAME', 'TYPE', 'VALUE'], rows),
        rows.map(([name]) => name),
      );
      return EXIT.ok;
    },
  },
  {
    path: 'dns watch',
    summary: 'follow changes of names until Ctrl-C',
    options: [WHERE],
    async run(call) {
      const { printer, ports } = call.session;
      const signal = ports.interruption();
      try {
        for await (const change of await (await clientOf(call)).watch(signal)) {
          const values = [...change.addresses, ...change.targets];
          printer.item(change, () => safeText(`${change.name} ${values.length === 0 ? 'is gone' : values.join(' ')}`));
        }
      } catch (error) {
        // Ctrl-C is how one ends this.
        if (!signal.aborted) throw error;
        return EXIT.ok;
      }
      printer.remark('The name server has closed the stream.');
      return EXIT.error;
    },
  },
  {
    path: 'dns log',
    summary: 'show the last queries',
    options: [WHERE],
    async run(call) {
      const { printer } = call.session;
      const { queries } = await (await clientOf(call)).queries();
      const rows = queries.map((one) => [
        one.time,
        one.client,
        one.transport,
        one.name,
        one.type,
        one.code,
        one.records,
      ]);
      printer.answer(queries, () => printer.table(['TIME', 'CLIENT', 'BY', 'NAME', 'TYPE', 'CODE', 'RECORDS'], rows));
      return EXIT.ok;
    },
  },
  {
    path: 'dns status',
    summary: 'how current the names are, what could not be read, and which tasks have none',
    options: [WHERE],
    async run(call) {
      const { printer } = call.session;
      const status = await (await clientOf(call)).status();
      const isWell = status.ready && status.zones.every(({ stale }) => !stale);
      printer.answer(status, () =>
        status.zones.flatMap((zone) => [
          ...printer.fields([
            ['Zone', zone.domain],
            ['Names', zone.names],
            ['Tasks', zone.tasks],
            [
              'Age',
              zone.ageSeconds === null ? 'never read' : `${zone.ageSeconds.toFixed(0)} s${zone.stale ? ', stale' : ''}`,
            ],
            ['Pushed by', zone.streams.join(', ') || '-'],
            ['Failure', zone.failure ?? '-'],
          ]),
          ...zone.problems.map((problem) => safeText(`problem: ${problem}`)),
          ...zone.withheld.map(({ task, reason }) => safeText(`without names: ${task}: ${reason}`)),
        ]),
      );
      return isWell ? EXIT.ok : EXIT.error;
    },
  },
  {
    path: 'dns oor',
    arguments: '<task>',
    summary: 'take a task out of rotation: it runs on, and has no names',
    options: [WHERE],
    completes: 'task',
    run: (call) => rotate(call, false),
  },
  {
    path: 'dns bir',
    arguments: '<task>',
    summary: 'bring a task back into rotation',
    options: [WHERE],
    completes: 'task',
    run: (call) => rotate(call, true),
  },
  {
    path: 'dns setup',
    arguments: '<resolver>',
    summary: `tell the resolver of this machine where the names are: ${RESOLVERS.join(', ')}`,
    options: [
      { flags: '--undo', description: 'take it back' },
      { flags: '--root <dir>', description: 'folder that stands for / (default: /)' },
      { flags: '--server <address>', description: 'the name server (default: that of the running platform)' },
      { flags: '--domain <domain>', description: 'the domain (default: mesos)' },
    ],
    examples: ['stadion dns setup dnsmasq', 'stadion dns setup resolved --undo'],
    run: setUp,
  },
];

async function clientOf(call: CommandCall): Promise<DnsClient> {
  return createDnsClient({ baseUrl: await urlOf(call), fetch: call.session.fetch });
}

async function urlOf(call: CommandCall): Promise<string> {
  const given = call.text('dnsUrl');
  if (given === undefined) return (await call.session.nameServer()).dnsHttp ?? DEFAULT_DNS_URL;
  const url = /^https?:\/\//.test(given) ? given : `http://${given}`;
  if (!URL.canParse(url)) throw usageError(`'${given}' is not an address. Give one such as ${DEFAULT_DNS_URL}`);
  return url.replace(/\/+$/, '');
}

async function rotate(call: CommandCall, isInRotation: boolean): Promise<ExitCode> {
  const { printer } = call.session;
  const rotation = await (await clientOf(call)).setRotation(call.argument(0), isInRotation);
  printer.answer(rotation, () => [`${safeText(call.argument(0))} is ${isInRotation ? 'in' : 'out of'} rotation.`]);
  return EXIT.ok;
}

async function setUp(call: CommandCall): Promise<ExitCode> {
  const { printer } = call.session;
  const kind = RESOLVERS.find((resolver) => resolver === call.argument(0));
  if (kind === undefined) throw usageError(`Set up one of ${RESOLVERS.join(', ')}, not '${call.argument(0)}'.`);
  const server = call.text('server') ?? (await call.session.nameServer()).dns ?? 'dns://127.0.0.1:8053';
  const url = server.includes('://') ? server : `dns://${server}`;
  if (!URL.canParse(url)) throw usageError(`'${server}' is not an address. Give --server one such as 127.0.0.1:8053`);
  const { hostname, port } = new URL(url);
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  const plan = planResolver(kind, { address, port: Number(port || 53), domain: call.text('domain') ?? 'mesos' });
  if (typeof plan === 'string') throw usageError(plan);
  const path = join(call.text('root') ?? '/', plan.path);
  const change = call.isSet('undo') ? 'undone' : 'set up';
  await changeFile(call, path, plan);
  printer.answer({ path, change }, () => [`${path}: ${change}.${plan.next === undefined ? '' : ` Now: ${plan.next}`}`]);
  return EXIT.ok;
}

/** A resolver's file as planned, or as it was. */
async function changeFile(call: CommandCall, path: string, { setUp: build, undo }: ResolverPlan): Promise<void> {
  const { machine } = call.session;
  const before = await machine.readFile(path, limits.inputBytes).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  // What was never set up needs no undoing.
  if (call.isSet('undo') && before === undefined) return;
  try {
    await machine.replaceFile(path, call.isSet('undo') ? undo(before ?? '') : build(before));
  } catch (error) {
    const message = `${path} cannot be changed. Run this as root: sudo stadion dns setup`;
    throw new PlatformError('resolver-unwritable', message, { cause: error });
  }
}

function rowsOf(type: string, records: Readonly<Record<string, readonly string[]>>): [string, string, string][] {
  return Object.entries(records).flatMap(([name, values]) =>
    values.map((value): [string, string, string] => [name, type, value]),
  );
}
