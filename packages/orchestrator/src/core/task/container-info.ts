/** The container of a task in Mesos's shape, from the app's container and networks. */
import type { ContainerInfo } from '@stadion/contract/mesos';
import type { AppDefinition, Network } from '@stadion/contract/orchestrator';
import { linuxParts } from './linux-info.ts';
import { secretOf } from './secrets.ts';
import { containerVolumes } from './volumes.ts';
import { textLabels } from './text-labels.ts';
import type { TaskPort } from './task-ports.ts';

type Container = NonNullable<AppDefinition['container']>;
type Docker = NonNullable<Container['docker']>;
type NetworkInfo = NonNullable<ContainerInfo['network_infos']>[number];

/** Mesos's CNI network that stands for Marathon's bridge mode (`--mesos_bridge_name`). */
const MESOS_BRIDGE = 'mesos-bridge';

/**
 * @param taskId goes onto a Docker container as label `MESOS_TASK_ID`
 * @returns undefined for an app without a container, or a terminal, of its own
 */
export function containerInfo(
  app: AppDefinition,
  taskId: string,
  ports: readonly TaskPort[],
): ContainerInfo | undefined {
  const { container } = app;
  const terminal = app.tty === true ? { tty_info: {} } : {};
  if (container === undefined) return app.tty === true ? { type: 'MESOS', ...terminal } : undefined;
  const volumes = containerVolumes(app);
  const rest = volumes.length === 0 ? {} : { volumes };
  if (container.type === 'DOCKER' && container.docker !== undefined) {
    const networks = namedNetworks(app);
    return {
      type: 'DOCKER',
      docker: dockerInfo(container.docker, app.networks[0], taskId, ports),
      ...rest,
      ...(networks.length === 0 ? {} : { network_infos: networks }),
      ...terminal,
    };
  }
  const networks = mesosNetworks(app, ports);
  return {
    type: 'MESOS',
    ...(container.docker === undefined ? {} : { mesos: { image: mesosImage(container.docker, app.secrets) } }),
    ...rest,
    ...(networks.length === 0 ? {} : { network_infos: networks }),
    ...linuxParts(container.linuxInfo),
    ...terminal,
  };
}

function dockerInfo(
  docker: Docker,
  network: Network | undefined,
  taskId: string,
  ports: readonly TaskPort[],
): NonNullable<ContainerInfo['docker']> {
  const mappings = portMappings(ports);
  const modes = { host: 'HOST', 'container/bridge': 'BRIDGE', container: 'USER' };
  const mode = network?.mode ?? 'host';
  return {
    image: docker.image,
    network: modes[mode],
    ...(mode === 'host' || mappings.length === 0 ? {} : { port_mappings: mappings }),
    privileged: docker.privileged,
    parameters: [...docker.parameters, { key: 'label', value: `MESOS_TASK_ID=${taskId}` }],
    force_pull_image: docker.forcePullImage,
  };
}

function mesosImage({ image, pullConfig, forcePullImage }: Docker, secrets: AppDefinition['secrets']) {
  const config = pullConfig === undefined ? {} : { config: secretOf(pullConfig.secret, secrets) };
  return { type: 'DOCKER', docker: { name: image, ...config }, cached: !forcePullImage };
}

/** One entry per protocol; a mapping without host port publishes nothing. */
function portMappings(ports: readonly TaskPort[]) {
  return ports.flatMap(({ hostPort, taskPort, protocols }) => {
    if (hostPort === undefined) return [];
    return protocols.map((protocol) => ({ host_port: hostPort, container_port: taskPort, protocol }));
  });
}

function namedNetworks(app: AppDefinition): NetworkInfo[] {
  return app.networks.flatMap((network) => {
    if (network.mode !== 'container' || network.name === undefined) return [];
    const labels = textLabels(network.labels);
    return [{ name: network.name, ...(labels === undefined ? {} : { labels }) }];
  });
}

/** The networks of a Mesos container; each publishes the mappings that do not name another one. */
function mesosNetworks(app: AppDefinition, ports: readonly TaskPort[]): NetworkInfo[] {
  const bridges = app.networks.filter(({ mode }) => mode === 'container/bridge').map(() => ({ name: MESOS_BRIDGE }));
  return [...bridges, ...namedNetworks(app)].map((network) => {
    const declared = app.container?.portMappings ?? [];
    const onThisNetwork = ports.filter((_, index) => {
      const names = declared[index]?.networkNames ?? [];
      return names.length === 0 || names.includes(network.name ?? '');
    });
    const mappings = portMappings(onThisNetwork);
    return { ...network, ...(mappings.length === 0 ? {} : { port_mappings: mappings }) };
  });
}
