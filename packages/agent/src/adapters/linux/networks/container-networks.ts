/** The network namespaces of containers and pods: made, joined to networks, and taken apart again, crashes included. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Type, type Static } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { describeError, type Logger } from '@stadion/base';
import type { ContainerInfo } from '@stadion/contract/mesos';
import type { LaunchFailure } from '../../../ports/containerizer.ts';
import type { BundleNamespaces } from '../bundle.ts';
import { callPlugin, findPlugin, PLUGIN_DIRECTORIES_DEFAULT, type CniCall } from './cni-plugin.ts';
import { isHostPortFree } from './free-host-port.ts';
import { agentNetworkName, BRIDGE_NETWORK, bridgeNetwork, readNetworks, type NetworkConfig } from './network-list.ts';

type NetworkInfo = NonNullable<ContainerInfo['network_infos']>[number];

const PortMapping = Type.Object({ hostPort: Type.Integer(), containerPort: Type.Integer(), protocol: Type.String() });

/** What was asked of the plugins, so that it can be taken back whatever became of the agent. */
const Attachment = Type.Object({
  interfaceName: Type.String(),
  name: Type.String(),
  cniVersion: Type.String(),
  plugins: Type.Array(
    Type.Intersect([Type.Object({ type: Type.String() }), Type.Record(Type.String(), Type.Unknown())]),
  ),
  portMappings: Type.Array(PortMapping),
});
type Attachment = Static<typeof Attachment>;
const State = Type.Object({ attachments: Type.Array(Attachment) });

const HOSTNAME_CHARACTERS = 12;
/** The folder in which the addresses of the bridge are noted, beside those of the keys. */
const ADDRESSES = 'addresses';
const LOOPBACK: Attachment = {
  interfaceName: 'lo',
  name: 'loopback',
  cniVersion: '0.4.0',
  plugins: [{ type: 'loopback' }],
  portMappings: [],
};

/** What is made for a container or a pod. */
export interface JoinedNetworks {
  readonly namespaces: BundleNamespaces;
  readonly addresses: readonly string[];
}

/** Options of {@link ContainerNetworks}. */
export interface ContainerNetworksOptions {
  /** For what is known of each; on the local disk. */
  readonly directory: string;
  /** After what its own links are named; default: the directory. */
  readonly ownName?: string;
  readonly log: Logger;
  /** Where the machine has networks configured, if anywhere. */
  readonly configDirectory?: string;
  readonly pluginDirectories?: readonly string[];
}

/** See above. Keys are ids of containers, or of pods. */
export class ContainerNetworks {
  private readonly options: ContainerNetworksOptions;
  private readonly plugins: readonly string[];
  private readonly bridge: NetworkConfig;
  private readonly bridgeName: string;
  private readonly joined = new Map<string, Promise<JoinedNetworks | LaunchFailure>>();

  constructor(options: ContainerNetworksOptions) {
    this.options = options;
    this.plugins = options.pluginDirectories ?? PLUGIN_DIRECTORIES_DEFAULT;
    this.bridgeName = agentNetworkName(options.ownName ?? options.directory);
    this.bridge = bridgeNetwork(this.bridgeName, join(options.directory, ADDRESSES));
  }

  /** A sentence when no networks can be made here. */
  findProblem(): string | undefined {
    const missing = ['loopback', 'bridge', 'host-local', 'portmap'].find(
      (type) => findPlugin(this.plugins, type) === undefined,
    );
    return missing === undefined
      ? undefined
      : `the CNI plugin "${missing}" is missing: install it, e.g. apt-get install containernetworking-plugins`;
  }

  /** Keys of what an earlier agent made. */
  async list(): Promise<readonly string[]> {
    const entries = await readdir(this.options.directory, { withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => entry.isDirectory() && entry.name !== ADDRESSES).map((entry) => entry.name);
  }

  /**
   * Makes a namespace and joins it to networks; nothing is left when that fails. Again for the same key: what is there.
   * @param infos none: the network of the machine
   * @param sharesIpc whether an IPC namespace is made as well, for all who have the key
   */
  join(key: string, infos: readonly NetworkInfo[], sharesIpc: boolean): Promise<JoinedNetworks | LaunchFailure> {
    const known = this.joined.get(key);
    if (known !== undefined) return known;
    const joining = this.joinOnce(key, infos, sharesIpc);
    this.joined.set(key, joining);
    return joining;
  }

  private async joinOnce(
    key: string,
    infos: readonly NetworkInfo[],
    sharesIpc: boolean,
  ): Promise<JoinedNetworks | LaunchFailure> {
    const attachments: Attachment[] = [];
    const missing = infos.length === 0 ? undefined : this.findProblem();
    if (missing !== undefined) return this.fail(key, `network-not-found: ${missing}`);
    for (const [index, info] of infos.entries()) {
      const attachment = await this.plan(info, `eth${index}`);
      if ('message' in attachment) return this.fail(key, attachment.message);
      attachments.push(attachment);
    }
    try {
      return await this.make(key, attachments, sharesIpc);
    } catch (error) {
      return this.fail(key, `network-failed: ${describeError(error)}`);
    }
  }

  private async fail(key: string, message: string): Promise<LaunchFailure> {
    await this.leave(key);
    return { ok: false, message };
  }

  /** Takes apart what was made for a key, if anything was. */
  async leave(key: string): Promise<void> {
    this.joined.delete(key);
    const directory = join(this.options.directory, key);
    const state = await readState(directory);
    if (state === undefined) return;
    for (const attachment of [...state.attachments].reverse()) {
      const problem = await this.run('DEL', key, attachment);
      if (typeof problem === 'string') this.options.log.warn({ key, problem }, 'a network could not be left cleanly');
    }
    for (const name of ['net', 'ipc']) {
      await execute('umount', ['--lazy', join(directory, name)]).catch(() => undefined);
    }
    await rm(directory, { recursive: true, force: true });
  }

  /** Removes the bridge, when nobody is on it: plugins leave that to whoever had it made. */
  async close(): Promise<void> {
    if ((await this.list()).length === 0) {
      await execute('ip', ['link', 'delete', this.bridgeName]).catch(() => undefined);
    }
  }

  private async plan(info: NetworkInfo, interfaceName: string): Promise<Attachment | LaunchFailure> {
    const name = info.name ?? BRIDGE_NETWORK;
    const network =
      name === BRIDGE_NETWORK ? this.bridge : (await readNetworks(this.options.configDirectory)).get(name);
    if (network === undefined) {
      const where = this.options.configDirectory ?? 'none: give --cni-config-dir';
      return {
        ok: false,
        message: `network-not-found: there is no network "${name}" (directory of networks: ${where})`,
      };
    }
    const portMappings = (info.port_mappings ?? []).map(({ host_port, container_port, protocol }) => {
      return { hostPort: host_port, containerPort: container_port, protocol: protocol ?? 'tcp' };
    });
    for (const { hostPort, protocol } of portMappings) {
      if (await isHostPortFree(hostPort, protocol)) continue;
      return { ok: false, message: `port-taken: somebody else uses the port ${hostPort}/${protocol} of the machine` };
    }
    const plugins = network.plugins.map((plugin) => ({ ...plugin }));
    return { interfaceName, name: network.name, cniVersion: network.cniVersion, plugins, portMappings };
  }

  private async make(
    key: string,
    attachments: readonly Attachment[],
    sharesIpc: boolean,
  ): Promise<JoinedNetworks | LaunchFailure> {
    const directory = join(this.options.directory, key);
    await mkdir(directory, { recursive: true, mode: 0o711 });
    await mkdir(join(this.options.directory, ADDRESSES), { recursive: true });
    await writeFile(join(directory, 'state.json'), JSON.stringify({ attachments }), { mode: 0o600 });
    const ipc = sharesIpc ? { ipc: await makeNamespace(directory, 'ipc') } : {};
    if (attachments.length === 0) return { namespaces: { ...ipc, hostname: hostname(), mounts: [] }, addresses: [] };
    const network = await makeNamespace(directory, 'net');
    const addresses: string[] = [];
    for (const attachment of [LOOPBACK, ...attachments]) {
      const found = await this.run('ADD', key, attachment);
      if (typeof found === 'string') return this.fail(key, `network-failed: ${found}`);
      if (attachment !== LOOPBACK) addresses.push(...found);
    }
    return { namespaces: { ...ipc, network, ...(await makeNetworkFiles(directory, key, addresses)) }, addresses };
  }

  /** Calls the plugins of one network in their order, or against it. @returns addresses, or what went wrong */
  private async run(
    command: CniCall['command'],
    key: string,
    attachment: Attachment,
  ): Promise<readonly string[] | string> {
    const { interfaceName, name, cniVersion, portMappings } = attachment;
    const namespace = join(this.options.directory, key, 'net');
    let prevResult: unknown;
    let problem: string | undefined;
    const plugins = command === 'ADD' ? attachment.plugins : [...attachment.plugins].reverse();
    for (const plugin of plugins) {
      const { capabilities, ...rest } = plugin;
      const wantsPorts = typeof capabilities === 'object' && capabilities !== null && 'portMappings' in capabilities;
      const config = {
        ...rest,
        name,
        cniVersion,
        ...(wantsPorts ? { runtimeConfig: { portMappings } } : {}),
        ...(prevResult === undefined ? {} : { prevResult }),
      };
      const outcome = await callPlugin(this.plugins, { command, containerId: key, namespace, interfaceName, config });
      if (outcome.ok) prevResult = outcome.result ?? prevResult;
      else if (command === 'ADD') return outcome.message;
      else problem ??= outcome.message;
    }
    return problem ?? addressesIn(prevResult);
  }
}

/** Names of its own: /etc/hosts, /etc/hostname, and the machine's resolv.conf. */
async function makeNetworkFiles(
  directory: string,
  key: string,
  addresses: readonly string[],
): Promise<Pick<BundleNamespaces, 'hostname' | 'mounts'>> {
  const hostname = key.slice(0, HOSTNAME_CHARACTERS);
  const hosts = [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost',
    ...addresses.map((address) => `${address}\t${hostname}`),
    '',
  ];
  const resolver = await readFile('/etc/resolv.conf', 'utf8').catch(() => '');
  const files = { hosts: hosts.join('\n'), hostname: `${hostname}\n`, 'resolv.conf': resolver };
  const mounts = [];
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(directory, name), text, { mode: 0o644 });
    mounts.push({ destination: `/etc/${name}`, type: 'bind', source: join(directory, name), options: ['bind', 'ro'] });
  }
  return { hostname, mounts };
}

/** One that a file holds, so that no process has to. */
async function makeNamespace(directory: string, kind: 'net' | 'ipc'): Promise<string> {
  const path = join(directory, kind);
  await writeFile(path, '');
  await execute('unshare', [`--${kind}=${path}`, 'true']);
  return path;
}

async function readState(directory: string): Promise<Static<typeof State> | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(directory, 'state.json'), 'utf8'));
    return Value.Check(State, value) ? value : { attachments: [] };
  } catch {
    // Made, and not yet written: only the directory may be there.
    const isThere = await readdir(directory).then(
      () => true,
      () => false,
    );
    return isThere ? { attachments: [] } : undefined;
  }
}

/** `ips[].address` of a result, without the length of the network. */
function addressesIn(result: unknown): readonly string[] {
  if (typeof result !== 'object' || result === null || !('ips' in result) || !Array.isArray(result.ips)) return [];
  return result.ips.flatMap((entry: unknown) => {
    const address = typeof entry === 'object' && entry !== null && 'address' in entry ? entry.address : undefined;
    return typeof address === 'string' ? [address.split('/')[0] ?? address] : [];
  });
}

async function execute(program: string, words: readonly string[]): Promise<void> {
  await promisify(execFile)(program, [...words]);
}
