/** Fills the gaps of networks, containers and ports, which depend on each other. Marathon reference, 2.3 to 2.5. */
import type { AppDefinition, Network, PortDefinition, PortMapping } from '@stadion/contract/orchestrator';
import { compact, unlessEmpty } from './checked.ts';
import type { ModernInput } from './modernize.ts';
import { isOnHostNetwork, normalizePersistent, type AppDefaults } from './spec.ts';

type Container = NonNullable<AppDefinition['container']>;
type MappingInput = NonNullable<NonNullable<ModernInput['container']>['portMappings']>[number];

/** The networks of an app; the agent's own when none is named. A container network without a name gets the default one. */
export function normalizeNetworks(networks: ModernInput['networks'], defaults: AppDefaults | undefined): Network[] {
  if (networks === undefined || networks.length === 0) return [{ mode: 'host' }];
  return networks.map((network) => {
    const mode = network.mode ?? 'container';
    return compact({
      mode,
      name: network.name ?? (mode === 'container' ? defaults?.networkName : undefined),
      labels: unlessEmpty(network.labels),
    });
  });
}

/** The ports of an app on its agent's network: one unless the app says otherwise. */
export function normalizePortDefinitions(definitions: ModernInput['portDefinitions']): PortDefinition[] {
  if (definitions === undefined) return [{ port: 0, protocol: 'tcp', name: 'default' }];
  return definitions.map((definition) =>
    compact({
      port: definition.port ?? 0,
      protocol: definition.protocol ?? 'tcp',
      name: definition.name,
      labels: unlessEmpty(definition.labels),
    }),
  );
}

/**
 * What the app runs in. On the agent's network port mappings are dropped without a word, elsewhere they are filled in,
 * and an app without container gets one.
 * @param definitions the port definitions sent along; where they are not used, each still stands for one mapping
 */
export function normalizeContainer(
  container: ModernInput['container'],
  networks: readonly Network[],
  definitions: ModernInput['portDefinitions'],
): Container | undefined {
  const isHost = isOnHostNetwork({ networks: [...networks] });
  if (container === undefined && isHost) return undefined;
  const given = container ?? { type: 'MESOS' as const };
  const isBridge = networks.some((network) => network.mode === 'container/bridge');
  const mappings = isHost ? undefined : extend(given.portMappings, definitions?.length);
  return compact({
    type: given.type ?? 'DOCKER',
    docker: given.docker === undefined ? undefined : normalizeDocker(given.docker),
    volumes: (given.volumes ?? []).map(normalizeVolume),
    portMappings: mappings?.map((mapping) => normalizeMapping(mapping, isBridge)),
    linuxInfo: given.linuxInfo,
  });
}

function extend(mappings: MappingInput[] | undefined, count: number | undefined): MappingInput[] {
  if (mappings === undefined && count === undefined) return [{ containerPort: 0, name: 'default' }];
  const list = mappings ?? [];
  const missing = Math.max(0, (count ?? 0) - list.length);
  return [...list, ...Array.from({ length: missing }, () => ({ containerPort: 0 }))];
}

function normalizeMapping(mapping: MappingInput, isBridge: boolean): PortMapping {
  return compact({
    containerPort: mapping.containerPort ?? 0,
    hostPort: mapping.hostPort ?? (isBridge ? 0 : undefined),
    servicePort: mapping.servicePort ?? 0,
    protocol: mapping.protocol ?? 'tcp',
    name: mapping.name,
    labels: mapping.labels ?? {},
    networkNames: unlessEmpty(mapping.networkNames),
  });
}

function normalizeDocker(docker: NonNullable<NonNullable<ModernInput['container']>['docker']>): Container['docker'] {
  return compact({
    image: docker.image,
    forcePullImage: docker.forcePullImage ?? false,
    privileged: docker.privileged ?? false,
    parameters: (docker.parameters ?? []).map(({ key, value }) => ({ key, value })),
    pullConfig: docker.pullConfig === undefined ? undefined : { secret: docker.pullConfig.secret },
  });
}

function normalizeVolume(volume: Container['volumes'][number]): Container['volumes'][number] {
  return compact({
    containerPath: volume.containerPath,
    mode: volume.mode,
    hostPath: volume.hostPath,
    persistent: volume.persistent && normalizePersistent(volume.persistent),
    external: volume.external,
    secret: volume.secret,
  });
}
