/** Marathon's rules for networks, containers and ports. */
import { isOnHostNetwork, type AppSpec } from './spec.ts';
import type { Refuse } from './checked.ts';
import { linuxRules } from './validate-linux.ts';
import { persistentVolumeRules } from './validate-volumes.ts';

const PORT_NAME = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const PORT_NAME_LENGTH_MAX = 63;

/** One host network, or one bridge, or different container networks. */
export function networkRules(app: AppSpec, refuse: Refuse): void {
  const { networks } = app;
  const modes = new Set(networks.map((network) => network.mode));
  const isSingleKind = modes.size === 1 && (modes.has('container') || networks.length === 1);
  refuse(
    !isSingleKind,
    '/networks',
    'Networks must be one of: exactly one host network, exactly one container/bridge network, or one or more container networks',
  );
  const names = networks.flatMap((network) => (network.name === undefined ? [] : [network.name]));
  refuse(new Set(names).size < names.length, '/networks', 'Network names must be unique.');
  const isDocker = app.container?.type === 'DOCKER';
  refuse(
    isDocker && networks.length > 1,
    '/networks',
    'may only specify a single container network when using the Docker containerizer',
  );
  for (const [index, network] of networks.entries()) {
    const path = `/networks(${String(index)})`;
    refuse(network.name === '', `${path}/name`, 'must not be empty');
    refuse(
      network.name !== undefined && network.mode !== 'container',
      `${path}/name`,
      `must not be set with mode ${network.mode}`,
    );
    refuse(network.labels !== undefined && network.mode === 'host', `${path}/labels`, 'must not be set with mode host');
  }
}

/** What may be in a container of which type, and which volumes. */
export function containerRules(app: AppSpec, refuse: Refuse): void {
  const { container } = app;
  if (container === undefined) return;
  const { docker } = container;
  if (container.type === 'DOCKER') {
    refuse(docker === undefined, '/container/docker', 'not defined');
    refuse(docker?.pullConfig !== undefined, '/container/docker/pullConfig', 'is only possible with type MESOS');
    refuse(container.linuxInfo !== undefined, '/container/linuxInfo', 'is only possible with type MESOS');
  } else {
    const hasParameters = (docker?.parameters.length ?? 0) > 0;
    refuse(hasParameters, '/container/docker/parameters', 'is only possible with type DOCKER');
    const pullSecret = docker?.pullConfig?.secret;
    refuse(
      pullSecret !== undefined && !Object.hasOwn(app.secrets ?? {}, pullSecret),
      '/container/docker/pullConfig/secret',
      'must name one of secrets',
    );
    linuxRules(container.linuxInfo, '/container/linuxInfo', refuse);
    const sharesProcesses = container.linuxInfo?.sharePidNamespace === true;
    refuse(sharesProcesses, '/container/linuxInfo/sharePidNamespace', 'is only possible in pods');
  }
  refuse(/[\s\0]/.test(docker?.image ?? ''), '/container/docker/image', 'must not contain white space');
  for (const [index, volume] of container.volumes.entries()) {
    const path = `/container/volumes(${String(index)})`;
    const kinds = [volume.hostPath, volume.persistent, volume.external, volume.secret].filter(
      (kind) => kind !== undefined,
    );
    refuse(kinds.length !== 1, path, 'must have exactly one of hostPath, persistent, external and secret');
    refuse(volume.containerPath === '', `${path}/containerPath`, 'must not be empty');
    refuse(volume.hostPath === '', `${path}/hostPath`, 'must not be empty');
    refuse(`${volume.containerPath}${volume.hostPath ?? ''}`.includes('\0'), path, 'must not contain a NUL character');
    refuse(volume.mode === undefined && volume.secret === undefined, `${path}/mode`, 'must be RO or RW');
    refuse(
      volume.secret !== undefined && !Object.hasOwn(app.secrets ?? {}, volume.secret),
      `${path}/secret`,
      'must name one of secrets',
    );
    if (volume.external !== undefined) externalRules(app, volume.external, path, refuse);
    if (volume.persistent !== undefined) {
      const isSegment = !/^\.{0,2}$|\//.test(volume.containerPath);
      refuse(!isSegment, `${path}/containerPath`, 'must be a single path segment for a persistent volume');
      refuse(volume.mode !== 'RW', `${path}/mode`, 'must be RW for a persistent volume');
      persistentVolumeRules(volume.persistent, path, refuse);
    }
  }
}

/** An external volume has a name and a provider; one that cannot be shared has one user. */
function externalRules(app: AppSpec, external: Readonly<Record<string, unknown>>, path: string, refuse: Refuse): void {
  const { name, provider, options, shared } = external;
  refuse(typeof name !== 'string' || name === '', `${path}/external/name`, 'must be the name of the volume');
  refuse(provider !== 'dvdi' && provider !== 'csi', `${path}/external/provider`, 'must be dvdi or csi');
  if (provider !== 'dvdi') return;
  const driver = (options as Readonly<Record<string, unknown>> | undefined)?.['dvdi/driver'];
  refuse(typeof driver !== 'string' || driver === '', `${path}/external/options`, 'must have a "dvdi/driver"');
  refuse(shared !== true && app.instances > 1, '/instances', 'must be at most 1 with an external volume not shared');
}

/** Ports and their names occur once. */
export function portRules(app: AppSpec, refuse: Refuse): void {
  if (isOnHostNetwork(app)) {
    const definitions = app.portDefinitions ?? [];
    refuse(hasDuplicates(definitions.map(({ port }) => port)), '/portDefinitions', 'Ports must be unique.');
    refuse(hasDuplicates(definitions.map(({ name }) => name)), '/portDefinitions', 'Port names must be unique.');
    for (const [index, { name }] of definitions.entries()) {
      refuse(name === '', `/portDefinitions(${String(index)})/name`, 'must not be empty');
    }
    return;
  }
  const mappings = app.container?.portMappings ?? [];
  const all = '/container/portMappings';
  const containerNetworks = app.networks.filter((network) => network.mode === 'container').map(({ name }) => name);
  refuse(hasDuplicates(mappings.map(({ name }) => name)), all, 'Port names must be unique.');
  refuse(
    hasDuplicates(mappings.map(({ hostPort }) => hostPort)),
    all,
    "Host ports must be unique; for both protocols use one mapping with protocol 'udp,tcp'.",
  );
  for (const [index, mapping] of mappings.entries()) {
    const path = `${all}(${String(index)})`;
    const { name, networkNames = [], hostPort } = mapping;
    const isName = name === undefined || (name.length <= PORT_NAME_LENGTH_MAX && PORT_NAME.test(name));
    refuse(
      !isName,
      `${path}/name`,
      `must fully match regular expression '${PORT_NAME.source}' and have at most 63 characters`,
    );
    refuse(
      !networkNames.every((network) => containerNetworks.includes(network)),
      `${path}/networkNames`,
      'must name networks of this app',
    );
    const isAmbiguous = hostPort !== undefined && containerNetworks.length > 1 && networkNames.length !== 1;
    refuse(
      isAmbiguous,
      `${path}/networkNames`,
      'must name exactly one network when hostPort is set and there are several',
    );
  }
}

/** Whether a port number (0 stands for any) or name occurs twice. */
function hasDuplicates(values: readonly (number | string | undefined)[]): boolean {
  const given = values.filter((value) => value !== undefined && value !== 0);
  return new Set(given).size < given.length;
}
