/** Turns every form of an app that Marathon ever accepted into its present one. */
import type { AppInput, Violation } from '@stadion/contract/orchestrator';
import { compact, violation, type Checked } from './checked.ts';

type ContainerInput = NonNullable<AppInput['container']>;
type DockerInput = NonNullable<ContainerInput['docker']>;
type ModernContainer = Omit<ContainerInput, 'docker'> & {
  docker?: Omit<DockerInput, 'network' | 'portMappings' | 'credential'>;
};

/** An app as sent, without deprecated members: what is absent still is absent. */
export type ModernInput = Omit<AppInput, 'uris' | 'ports' | 'ipAddress' | 'container'> & {
  container?: ModernContainer;
};

const EXTRACTED = ['.tar', '.tar.gz', '.tar.bz2', '.tar.xz', '.gz', '.tgz', '.tbz2', '.txz', '.zip'];

/** Rewrites the deprecated members; those that contradict modern ones are violations. */
export function modernize(input: AppInput): Checked<ModernInput> {
  const violations = conflicts(input);
  if (violations.length > 0) return { ok: false, violations };
  const { uris: _uris, ports: _ports, ipAddress: _ipAddress, container: _container, ...kept } = input;
  const value = compact({
    ...kept,
    fetch: fetchOf(input),
    portDefinitions: portDefinitionsOf(input),
    networks: networksOf(input),
    container: containerOf(input),
  });
  return { ok: true, value };
}

function conflicts(input: AppInput): readonly Violation[] {
  const docker = input.container?.docker;
  const found: Violation[] = [];
  const refuse = (isWrong: boolean, path: string, message: string): void => {
    if (isWrong) found.push(violation(path, message));
  };
  // Clients that know both forms send empty lists along.
  const hasLegacyNetwork = docker?.network !== undefined || input.ipAddress !== undefined;
  const isDocker = docker !== undefined && (input.container?.type ?? 'DOCKER') === 'DOCKER';
  const hasDiscoveryPorts = (input.ipAddress?.discovery?.ports?.length ?? 0) > 0;
  const mappings = input.container?.portMappings?.length ?? 0;
  refuse(
    (input.networks?.length ?? 0) > 0 && hasLegacyNetwork,
    '/networks',
    'must not be combined with the deprecated container.docker.network or ipAddress',
  );
  refuse(docker?.network === 'NONE', '/container/docker/network', 'network NONE is not supported any more');
  refuse(
    docker?.credential !== undefined,
    '/container/docker/credential',
    'is not supported any more, use container.docker.pullConfig',
  );
  refuse(
    (docker?.portMappings?.length ?? 0) > 0 && mappings > 0,
    '/container/docker/portMappings',
    'must not be combined with container.portMappings',
  );
  refuse(
    (input.ports?.length ?? 0) > 0 && input.ipAddress !== undefined,
    '/ports',
    'must not be combined with ipAddress, whose ports are ipAddress.discovery.ports',
  );
  refuse(
    !hasEqualPorts(input),
    '/ports',
    'must have the same numbers as portDefinitions, or be left out: it is the deprecated form of it',
  );
  refuse(
    (input.uris?.length ?? 0) > 0 && (input.fetch?.length ?? 0) > 0,
    '/uris',
    'must not be combined with fetch: it is the deprecated form of it',
  );
  refuse(isDocker && hasDiscoveryPorts, '/ipAddress/discovery/ports', 'is only possible in a container of type MESOS');
  return found;
}

function hasEqualPorts({ ports, portDefinitions }: AppInput): boolean {
  if (ports === undefined || ports.length === 0 || portDefinitions === undefined) return true;
  if (ports.length !== portDefinitions.length) return false;
  return portDefinitions.every((definition, index) => (definition.port ?? 0) === ports[index]);
}

function fetchOf({ uris, fetch }: AppInput): AppInput['fetch'] | undefined {
  if (uris === undefined || (uris.length === 0 && fetch !== undefined)) return fetch;
  return uris.map((uri) => ({ uri, extract: EXTRACTED.some((extension) => uri.endsWith(extension)) }));
}

function portDefinitionsOf({ ports, portDefinitions }: AppInput): AppInput['portDefinitions'] | undefined {
  return portDefinitions ?? ports?.map((port) => ({ port }));
}

function networksOf({ networks, container, ipAddress }: AppInput): AppInput['networks'] | undefined {
  if (networks !== undefined && networks.length > 0) return networks;
  const containerNetwork = compact({
    mode: 'container' as const,
    name: ipAddress?.networkName,
    labels: ipAddress?.labels,
  });
  switch (container?.docker?.network) {
    case 'BRIDGE':
      return [{ mode: 'container/bridge' }];
    case 'HOST':
      return [{ mode: 'host' }];
    case 'USER':
      return [containerNetwork];
    case 'NONE':
    case undefined:
  }
  if (ipAddress === undefined) return networks;
  return ipAddress.networkName === 'mesos-bridge'
    ? [compact({ mode: 'container/bridge' as const, labels: ipAddress.labels })]
    : [containerNetwork];
}

function containerOf({ container, ipAddress }: AppInput): ModernContainer | undefined {
  const given = container ?? (ipAddress === undefined ? undefined : { type: 'MESOS' as const });
  if (given === undefined) return undefined;
  const { docker, portMappings, ...rest } = given;
  const discovered = ipAddress?.discovery?.ports?.map(({ number, name, protocol, labels }) =>
    compact({ containerPort: number, name, protocol: protocolOf(protocol), labels }),
  );
  const mappings = [portMappings, docker?.portMappings, discovered].filter((list) => list !== undefined);
  return compact({
    ...rest,
    docker: docker === undefined ? undefined : modernDocker(docker),
    portMappings: mappings.find((list) => list.length > 0) ?? mappings[0],
  });
}

/** The protocols of `ipAddress.discovery.ports` were free text. */
function protocolOf(text: string | undefined): 'tcp' | 'udp' | 'udp,tcp' | undefined {
  const protocol = text?.toLowerCase();
  return protocol === 'udp' || protocol === 'udp,tcp' ? protocol : undefined;
}

function modernDocker(docker: DockerInput): ModernContainer['docker'] {
  const { network: _network, portMappings: _portMappings, credential: _credential, ...modern } = docker;
  return modern;
}
