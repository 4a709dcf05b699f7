/** The ports of one launch: what the app declared, joined with what the offer gave. */
import { randomBelow, type Random } from '@stadion/base';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { isOnHostNetwork } from '../app/spec.ts';

const GENERATED_FIRST = 1025;
const GENERATED_COUNT = 65_535 - GENERATED_FIRST + 1;

/** A port as the app declares it. */
interface DeclaredPort {
  /** The number in the app: a definition's `port`, a mapping's `containerPort`; 0 when left open. */
  readonly declared: number;
  readonly name: string | undefined;
  /** `udp,tcp` is two protocols on one port. */
  readonly protocols: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** One port of a task, in the order of the app's definitions or mappings. */
export interface TaskPort extends DeclaredPort {
  /** The port of the agent; undefined when the mapping asks for none. */
  readonly hostPort: number | undefined;
  /** The port that the task itself listens on, never 0. On the host's network it is the host port. */
  readonly taskPort: number;
  /** Whether {@link taskPort} was invented, for a mapping that names neither port. */
  readonly isGenerated: boolean;
}

/** The ports that the app declares: definitions on the host's network, mappings on any other. */
export function declaredPorts(app: AppDefinition): readonly DeclaredPort[] {
  if (isOnHostNetwork(app)) {
    return (app.portDefinitions ?? []).map(({ port, name, protocol, labels = {} }) => {
      return { declared: port, name, protocols: protocol.split(','), labels };
    });
  }
  return (app.container?.portMappings ?? []).map(({ containerPort, name, protocol, labels }) => {
    return { declared: containerPort, name, protocols: protocol.split(','), labels };
  });
}

/**
 * Joins declared ports with the host ports that were taken for them.
 * @param isHost whether the task is on the host's network
 * @param hostPorts one entry per declared port
 * @param random invents ports for mappings that name none (as Marathon does: 1025 to 65535)
 */
export function taskPorts(
  declared: readonly DeclaredPort[],
  isHost: boolean,
  hostPorts: readonly (number | undefined)[],
  random: Random,
): readonly TaskPort[] {
  // Made only where a port has to be invented, which is seldom.
  let used: Set<number | undefined> | undefined;
  return declared.map((port, index) => {
    const hostPort = hostPorts[index];
    const { declared: number, name, protocols, labels } = port;
    const named = isHost || number === 0 ? hostPort : number;
    if (named === undefined) used ??= new Set([...hostPorts, ...declared.map((other) => other.declared)]);
    const taskPort = named ?? inventPort(used ?? new Set(), random);
    return { declared: number, name, protocols, labels, hostPort, taskPort, isGenerated: named === undefined };
  });
}

/** Where others reach the port: on the agent if it has a host port, else at the task's own address. */
export function reachablePort(port: TaskPort): number {
  return port.hostPort ?? port.taskPort;
}

function inventPort(used: Set<number | undefined>, random: Random): number {
  let port = GENERATED_FIRST + randomBelow(random, GENERATED_COUNT);
  while (used.has(port)) port = port === 65_535 ? GENERATED_FIRST : port + 1;
  used.add(port);
  return port;
}
