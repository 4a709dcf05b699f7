/** The networks that containers can join: the agent's own bridge, and what the machine has configured for CNI. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';

/** A network: plugins that are called one after the other. */
export interface NetworkConfig {
  readonly name: string;
  readonly cniVersion: string;
  readonly plugins: readonly (object & { readonly type: string })[];
}

/** The name under which the agent's own bridge is known, as in Mesos. */
export const BRIDGE_NETWORK = 'mesos-bridge';
const CNI_VERSION = '0.4.0';
/** Interface names may have 15 characters. */
const AGENT_NAME_CHARACTERS = 8;
/** The bridge gets one of these: 10.128.0.0/20, 10.128.16.0/20 … 10.191.240.0/20. */
const SUBNET_COUNT = 64 * 16;

/** The name of an agent in names of interfaces and rules. */
export function agentNetworkName(ownName: string): string {
  return `st${createHash('sha256').update(ownName).digest('hex').slice(0, AGENT_NAME_CHARACTERS)}`;
}

/**
 * The agent's own bridge: addresses of its own, the machine's address to the outside, ports of the machine on request.
 * @param agentName by {@link agentNetworkName}
 * @param dataDirectory where addresses that are taken are noted
 */
export function bridgeNetwork(agentName: string, dataDirectory: string): NetworkConfig {
  return {
    // Rules of the firewall carry it: those of several agents must be told apart.
    name: agentName,
    cniVersion: CNI_VERSION,
    plugins: [
      {
        type: 'bridge',
        bridge: agentName,
        isGateway: true,
        ipMasq: true,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          dataDir: dataDirectory,
          ranges: [[{ subnet: subnetFor(agentName) }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      } as NetworkConfig['plugins'][number],
      { type: 'portmap', snat: true, capabilities: { portMappings: true } } as NetworkConfig['plugins'][number],
    ],
  };
}

/** The networks in a directory of `.conflist` and `.conf` files, by name. What cannot be read is left out. */
export async function readNetworks(directory: string | undefined): Promise<ReadonlyMap<string, NetworkConfig>> {
  const networks = new Map<string, NetworkConfig>();
  if (directory === undefined) return networks;
  for (const file of (await readdir(directory).catch(() => [])).sort()) {
    if (!/\.(conflist|conf|json)$/.test(file)) continue;
    const network = toNetwork(await readFile(join(directory, file), 'utf8').catch(() => ''));
    if (network !== undefined && !networks.has(network.name)) networks.set(network.name, network);
  }
  return networks;
}

/** A list of plugins, or one plugin alone. */
function toNetwork(text: string): NetworkConfig | undefined {
  const value = parse(text);
  if (typeof value !== 'object' || value === null || !('name' in value) || typeof value.name !== 'string') {
    return undefined;
  }
  const cniVersion = 'cniVersion' in value && typeof value.cniVersion === 'string' ? value.cniVersion : CNI_VERSION;
  const plugins: unknown[] = 'plugins' in value && Array.isArray(value.plugins) ? value.plugins : [value];
  return plugins.length > 0 && plugins.every(isPlugin) ? { name: value.name, cniVersion, plugins } : undefined;
}

function isPlugin(value: unknown): value is object & { type: string } {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** One that no other interface of this machine has, as far as possible always the same for one agent. */
function subnetFor(agentName: string): string {
  const taken = Object.entries(networkInterfaces())
    .filter(([name]) => name !== agentName)
    .flatMap(([, addresses]) => addresses?.map(({ address }) => address) ?? []);
  const first = Number.parseInt(createHash('sha256').update(agentName).digest('hex').slice(0, 8), 16);
  for (let step = 0; step < SUBNET_COUNT; step += 1) {
    const number = (first + step) % SUBNET_COUNT;
    const [second, third] = [128 + (number >> 4), (number & 15) * 16];
    const isTaken = taken.some((address) => {
      const [one, two, three] = address.split('.').map(Number);
      return one === 10 && two === second && three !== undefined && three >= third && three < third + 16;
    });
    if (!isTaken) return `10.${second}.${third}.0/20`;
  }
  return '10.128.0.0/20';
}
