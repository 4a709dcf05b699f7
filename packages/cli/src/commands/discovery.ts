/** `stadion discovery …`: services in ZooKeeper as Ranger keeps them: who is there, and who is out of rotation. */
import { PlatformError, errorCode } from '@stadion/base';
import { safeText } from '../core/safe-text.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { DiscoveredNode, DiscoveryPort } from '../platform/ports.ts';
import { usageError } from '../report-error.ts';
import type { CommandCall, CommandSpec, OptionSpec } from './command.ts';

const WHERE: readonly OptionSpec[] = [
  { flags: '--zookeeper <servers>', description: 'host:port,host:port [ZK_CONNECTION_STRING, default 127.0.0.1:2181]' },
  { flags: '--namespace <name>', description: 'first part of the path (default: default)' },
];

/** The commands. */
export const discoveryCommands: readonly CommandSpec[] = [
  {
    path: 'discovery ls',
    arguments: '[service]',
    summary: 'list the services, or the nodes of one',
    options: WHERE,
    examples: [
      'stadion discovery ls --zookeeper zk1:2181 --namespace shop',
      'stadion discovery ls cart --namespace shop',
    ],
    run: (call) => withDiscovery(call, (discovery) => list(call, discovery)),
  },
  {
    path: 'discovery watch',
    arguments: '<service>',
    summary: 'follow the nodes of a service until Ctrl-C',
    options: WHERE,
    run: (call) => withDiscovery(call, (discovery) => watch(call, discovery)),
  },
  {
    path: 'discovery oor',
    arguments: '<admin-url>',
    summary: 'take an instance out of rotation, by its admin port',
    examples: ['stadion discovery oor http://10.0.0.7:31001'],
    run: (call) => rotate(call, 'oor'),
  },
  {
    path: 'discovery bir',
    arguments: '<admin-url>',
    summary: 'bring an instance back into rotation, by its admin port',
    run: (call) => rotate(call, 'bir'),
  },
];

async function withDiscovery(
  call: CommandCall,
  use: (discovery: DiscoveryPort) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { ports } = call.session;
  if (ports.openDiscovery === undefined) {
    throw new PlatformError('discovery-missing', 'This is the client alone: it cannot read ZooKeeper.');
  }
  const connectString = call.text('zookeeper') ?? ports.environment.ZK_CONNECTION_STRING ?? '127.0.0.1:2181';
  const discovery = await ports.openDiscovery({ connectString, namespace: call.text('namespace') ?? 'default' });
  try {
    return await use(discovery);
  } catch (error) {
    if (errorCode(error) !== 'zookeeper-unreachable') throw error;
    const message = `ZooKeeper at ${connectString} does not answer. Say where it is: --zookeeper HOST:2181`;
    throw new PlatformError('zookeeper-unreachable', message, { cause: error, retryable: true });
  } finally {
    await discovery.close();
  }
}

async function list(call: CommandCall, discovery: DiscoveryPort): Promise<ExitCode> {
  const { printer } = call.session;
  const service = call.arguments[0];
  if (service === undefined) {
    const services = await discovery.services();
    printer.answer(
      services,
      () =>
        printer.table(
          ['SERVICE'],
          services.map((name) => [name]),
        ),
      services,
    );
    return EXIT.ok;
  }
  const nodes = await discovery.nodes(service);
  printer.answer(
    nodes,
    () => printer.table(['NODE', 'STATE', 'WEIGHT', 'ENVIRONMENT', 'REGION'], nodes.map(row)),
    nodes.map(address),
  );
  return nodes.length === 0 ? EXIT.error : EXIT.ok;
}

async function watch(call: CommandCall, discovery: DiscoveryPort): Promise<ExitCode> {
  const { printer, ports } = call.session;
  const signal = ports.interruption();
  await discovery.watch(call.argument(0), signal, (nodes) => {
    printer.item(nodes, () => safeText(nodes.length === 0 ? '(nobody)' : nodes.map(said).join(' ')));
  });
  return EXIT.ok;
}

/** Services of this kind have the tasks on their admin port, Ranger's bundles under the longer name. */
async function rotate(call: CommandCall, task: 'oor' | 'bir'): Promise<ExitCode> {
  const { printer, fetch } = call.session;
  const written = call.argument(0);
  const base = /^https?:\/\//.test(written) ? written : `http://${written}`;
  if (!URL.canParse(base)) throw usageError(`'${written}' is not an address. Give one such as http://10.0.0.7:31001`);
  const url = base.replace(/\/+$/, '');
  for (const path of [`/tasks/ranger-${task}`, `/tasks/${task}`]) {
    const response = await fetch(`${url}${path}`, { method: 'POST' }).catch((error: unknown) => {
      throw new PlatformError('instance-unreachable', `Nobody answers at ${url}.`, { cause: error });
    });
    await response.body?.cancel();
    if (response.status === 404) continue;
    if (!response.ok) {
      throw new PlatformError('instance-refused', `${url}${path} answered with status ${response.status}.`);
    }
    const state = task === 'oor' ? 'out' : 'in';
    printer.answer({ url, rotation: state }, () => [
      `${safeText(url)} is ${state === 'in' ? 'in' : 'out of'} rotation.`,
    ]);
    return EXIT.ok;
  }
  throw new PlatformError('instance-refused', `${url} has no rotation tasks. Give the address of its admin port.`);
}

function row(node: DiscoveredNode): string[] {
  const { environment, region } = node.nodeData;
  return [address(node), node.healthcheckStatus, String(node.routingWeight), environment || '-', region ?? '-'];
}

function said(node: DiscoveredNode): string {
  return node.healthcheckStatus === 'healthy' ? address(node) : `(${address(node)})`;
}

function address({ host, port }: DiscoveredNode): string {
  return `${host}:${port}`;
}
