/** `stadion image …`: the images that agents have, and bringing one to many before anything starts from it. */
import { describeError, PlatformError } from '@stadion/base';
import type { OrchestratorClient } from '@stadion/contract/client';
import { imageContainerizers, type HeldImage, type ImagePull, type ImagePullRequest } from '@stadion/contract/images';
import type { StateSlave } from '@stadion/contract/mesos-state';
import { formatAge } from '../core/durations.ts';
import { safeText } from '../core/safe-text.ts';
import { formatBytes } from '../core/task-usage.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { waitFor, withDeadline } from '../follow/waiting.ts';
import { limits } from '../limits.ts';
import { LiveDisplay } from '../output/live-display.ts';
import type { Cell } from '../output/table.ts';
import { usageError } from '../report-error.ts';
import type { CommandCall, CommandSpec, OptionSpec } from './command.ts';
import { findNode } from './find-node.ts';

const NODES: OptionSpec = {
  flags: '--nodes <names>',
  description: 'these nodes, by names or ids with commas between them (default: all)',
};

/** The commands. */
export const imageCommands: readonly CommandSpec[] = [
  {
    path: 'image list',
    summary: 'list the images that nodes have',
    options: [NODES],
    examples: ['stadion image list', 'stadion image list --nodes web-1,web-2 -o json'],
    run: list,
  },
  {
    path: 'image pull',
    arguments: '<image>',
    summary: 'have nodes bring an image before anything starts from it',
    options: [
      NODES,
      { flags: '--for <kind>', description: 'linux or docker (default: linux where that works, else docker)' },
      { flags: '--force', description: 'ask the registry even where an image of this name is there' },
      {
        flags: '--at-a-time <number>',
        description: `nodes that pull at the same time (default: ${limits.imagePulls})`,
      },
      { flags: '--timeout <duration>', description: 'how long to wait; then exit code 3, and the nodes go on' },
    ],
    examples: ['stadion image pull nginx:1.27', 'stadion image pull team/app:v2 --nodes web-1,web-2 --for docker'],
    run: pull,
  },
];

/** What became of one node. */
interface NodePull {
  readonly node: string;
  state: ImagePull['state'] | 'WAITING';
  message: string;
}

async function list(call: CommandCall): Promise<ExitCode> {
  const { session } = call;
  const client = await session.orchestrator();
  const nodes = await nodesOf(call, client);
  const answers = await Promise.all(
    nodes.map(async ({ id, hostname }) => {
      try {
        const { images, pulls } = await client.listAgentImages({ params: { agentId: id } });
        return { node: hostname, id, images, pulls };
      } catch (error) {
        return { node: hostname, id, images: [], pulls: [], problem: describeError(error) };
      }
    }),
  );
  for (const { node, problem } of answers) if (problem !== undefined) session.printer.error(`${node}: ${problem}`);
  const rows = answers.flatMap(({ node, images }) => images.map((image) => ({ node, image })));
  rows.sort((one, other) => one.image.name.localeCompare(other.image.name) || one.node.localeCompare(other.node));
  session.printer.answer(
    answers,
    () =>
      session.printer.table(
        HEADER,
        rows.map((row) => imageRow(row.node, row.image, session.time.now())),
      ),
    [...new Set(rows.map(({ image }) => image.name))],
  );
  return answers.some(({ problem }) => problem !== undefined) ? EXIT.error : EXIT.ok;
}

const HEADER = ['IMAGE', 'NODE', 'FOR', 'SIZE', 'USED', 'DIGEST'];

function imageRow(node: string, { name, containerizer, bytes, usedAt, digest }: HeldImage, nowMs: number): Cell[] {
  return [
    name,
    node,
    containerizer,
    bytes === undefined ? '-' : formatBytes(bytes),
    usedAt === undefined ? '-' : formatAge(usedAt, nowMs),
    digest?.slice(0, DIGEST_CHARACTERS) ?? '-',
  ];
}

/** `sha256:` and twelve more. */
const DIGEST_CHARACTERS = 19;

async function pull(call: CommandCall): Promise<ExitCode> {
  const { session } = call;
  const client = await session.orchestrator();
  const request = requestOf(call);
  const atATime = Math.max(1, call.count('atATime') ?? limits.imagePulls);
  const nodes = await nodesOf(call, client);
  const pulls = nodes.map(({ id, hostname }) => ({ id, pull: waiting(hostname) }));
  const all = pulls.map((each) => each.pull);
  const display = new LiveDisplay(session.printer.stderr);
  const show = (): void => {
    if (!session.printer.quiet) display.update(progressLines(all));
  };
  const deadline = withDeadline(session.time, session.ports.interruption(), call.duration('timeout'), () => {
    const open = all.filter(({ state }) => state === 'PULLING' || state === 'WAITING').length;
    const message = `${open} of ${all.length} nodes do not have ${request.image} yet; those that pull go on.`;
    return new PlatformError('wait-timed-out', message);
  });
  const queue = [...pulls];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await pullOn({ client, call, agentId: next.id, request, pull: next.pull, signal: deadline.signal, show });
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(atATime, pulls.length) }, worker));
  } finally {
    deadline.end();
  }
  const failed = all.filter(({ state }) => state === 'FAILED');
  session.printer.answer(
    all,
    () => [
      ...failed.map(({ node, message }) => safeText(`${node}: ${message}`)),
      safeText(`${request.image} is on ${all.length - failed.length} of ${all.length} nodes.`),
    ],
    all.filter(({ state }) => state === 'PULLED').map(({ node }) => node),
  );
  return failed.length > 0 ? EXIT.error : EXIT.ok;
}

function waiting(node: string): NodePull {
  return { node, state: 'WAITING', message: 'waits for its turn' };
}

interface OneNode {
  readonly client: OrchestratorClient;
  readonly call: CommandCall;
  readonly agentId: string;
  readonly request: ImagePullRequest;
  readonly pull: NodePull;
  readonly signal: AbortSignal;
  readonly show: () => void;
}

/** Asks one node, and again until it is done. What goes wrong there is the fate of that node alone. */
async function pullOn({ client, call, agentId, request, pull: fate, signal, show }: OneNode): Promise<void> {
  const params = { agentId };
  try {
    let now: ImagePull | undefined = await client.pullAgentImage({ params, body: request, signal });
    const { containerizer } = now;
    for (;;) {
      fate.state = now?.state ?? 'FAILED';
      fate.message = now?.message ?? 'the agent was started again meanwhile; ask it once more';
      show();
      if (fate.state !== 'PULLING') return;
      await waitFor(call.session.time, limits.imagePollMs, signal);
      const { pulls } = await client.listAgentImages({ params, signal });
      now = pulls.find((each) => each.image === request.image && each.containerizer === containerizer);
    }
  } catch (error) {
    if (signal.aborted) throw error;
    fate.state = 'FAILED';
    fate.message = describeError(error);
    show();
  }
}

function requestOf(call: CommandCall): ImagePullRequest {
  const image = call.argument(0);
  const wanted = call.text('for');
  const containerizer = imageContainerizers.find((kind) => kind === wanted);
  if (wanted !== undefined && containerizer === undefined) {
    throw usageError(`--for is ${imageContainerizers.join(' or ')}, not '${wanted}'.`);
  }
  return {
    image,
    ...(containerizer === undefined ? {} : { containerizer }),
    ...(call.isSet('force') ? { force: true } : {}),
  };
}

/** How many are where, and what those say that are at it. */
function progressLines(all: readonly NodePull[]): string[] {
  const count = (state: NodePull['state']): number => all.filter((each) => each.state === state).length;
  const failed = count('FAILED');
  const sum = `${count('PULLED')} of ${all.length} nodes have it${failed === 0 ? '' : `, ${failed} failed`}`;
  const under = all.filter(({ state }) => state === 'PULLING').map(({ node, message }) => `  ${node}: ${message}`);
  return [sum, ...under.slice(0, limits.imagePullLines)];
}

async function nodesOf(call: CommandCall, client: OrchestratorClient): Promise<readonly StateSlave[]> {
  const { slaves } = await client.listAgents();
  const names = call
    .text('nodes')
    ?.split(',')
    .flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
  if (names === undefined) return slaves.filter(({ active }) => active);
  return [...new Set(names.map((name) => findNode(slaves, name)))];
}
