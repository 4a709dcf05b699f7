/** `stadion group …`: looks at groups, and changes them with everything in them. */
import type { OrchestratorClient } from '@stadion/contract/client';
import type { DeploymentResult, GroupInfo } from '@stadion/contract/orchestrator';
import type { GroupInput } from '@stadion/contract/orchestrator-groups';
import { appId } from '../core/app-condition.ts';
import { safeText } from '../core/safe-text.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { readDocument } from '../platform/input.ts';
import { usageError } from '../report-error.ts';
import { carryOut, changeOptions, forceOf } from './changing.ts';
import type { CommandCall, CommandSpec } from './command.ts';

const ROOT = '/';

/** The commands. */
export const groupCommands: readonly CommandSpec[] = [
  {
    path: 'group show',
    arguments: '[group]',
    summary: 'show a group as a tree, or all groups',
    async run(call) {
      const { printer } = call.session;
      const group = await getGroup(await call.session.orchestrator(), groupOf(call));
      printer.answer(group, () => treeLines(group, 0), idsIn(group));
      return EXIT.ok;
    },
  },
  {
    path: 'group versions',
    arguments: '[group]',
    summary: 'list the versions that a group can be taken back to, newest first',
    async run(call) {
      const { printer } = call.session;
      const client = await call.session.orchestrator();
      const id = groupOf(call);
      const versions =
        id === ROOT ? await client.listRootGroupVersions() : await client.listGroupVersions({ params: { group: id } });
      printer.answer(versions, () => versions.map(safeText), versions);
      return EXIT.ok;
    },
  },
  {
    path: 'group add',
    arguments: '<file>',
    summary: 'create a group with everything in it, from a JSON or YAML file or standard input (-)',
    options: changeOptions,
    examples: ['stadion group add shop.yaml'],
    async run(call) {
      const body = await readGroup(call, call.argument(0));
      if (body.id === undefined) throw usageError(`${call.argument(0)} has no id.`);
      return await carryOut(call, body.id, (client) => client.createRootGroup({ query: forceOf(call), body }));
    },
  },
  {
    path: 'group update',
    arguments: '<group> <file>',
    summary: 'make a group what a file says: apps and groups that it does not name are removed',
    options: changeOptions,
    async run(call) {
      const body = await readGroup(call, call.argument(1));
      return await putGroup(call, groupOf(call), body);
    },
  },
  {
    path: 'group scale',
    arguments: '<group> <factor>',
    summary: 'multiply the instances of every app in a group, rounding up',
    options: changeOptions,
    async run(call) {
      const scaleBy = Number(call.argument(1));
      if (!(scaleBy >= 0 && scaleBy < Number.POSITIVE_INFINITY)) {
        throw usageError(`The factor needs a number from 0, not '${call.argument(1)}'.`);
      }
      return await putGroup(call, groupOf(call), { scaleBy });
    },
  },
  {
    path: 'group rollback',
    arguments: '<group> <version>',
    summary: 'take a group and everything in it back to one of "stadion group versions"',
    options: changeOptions,
    run: (call) => putGroup(call, groupOf(call), { version: call.argument(1) }),
  },
  {
    path: 'group remove',
    arguments: '<group>',
    summary: 'stop and forget everything in a group, and the group',
    options: changeOptions,
    async run(call) {
      const id = groupOf(call);
      const query = forceOf(call);
      return await carryOut(call, `${id} is gone`, (client) =>
        id === ROOT ? client.deleteRootGroup({ query }) : client.deleteGroup({ params: { group: id }, query }),
      );
    },
  },
];

function groupOf(call: CommandCall): string {
  return appId(call.arguments[0] ?? ROOT);
}

function getGroup(client: OrchestratorClient, id: string): Promise<GroupInfo> {
  return id === ROOT ? client.getGroup() : client.getNamedGroup({ params: { group: id } });
}

function putGroup(call: CommandCall, id: string, body: GroupInput): Promise<ExitCode> {
  const query = forceOf(call);
  return carryOut(call, id, async (client): Promise<DeploymentResult> => {
    const answer =
      id === ROOT
        ? await client.putRootGroup({ query, body })
        : await client.putGroup({ params: { group: id }, query, body });
    // Only a dry run is answered with steps, and this is none.
    return answer as DeploymentResult;
  });
}

async function readGroup(call: CommandCall, source: string): Promise<GroupInput> {
  const document = await readDocument(call.session.machine, source);
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) return document;
  throw usageError(`${source} must contain one group: an object with an id, apps and groups.`);
}

function treeLines(group: GroupInfo, depth: number): string[] {
  const indent = '  '.repeat(depth);
  const needs = group.dependencies.length === 0 ? '' : `  (after ${group.dependencies.join(', ')})`;
  return [
    safeText(`${indent}${group.id}${needs}`),
    ...group.apps.map(({ id, instances }) => safeText(`${indent}  ${id}  ${String(instances)} wanted`)),
    ...group.groups.flatMap((inner) => treeLines(inner, depth + 1)),
  ];
}

function idsIn(group: GroupInfo): string[] {
  return [...group.groups.flatMap((inner) => [inner.id, ...idsIn(inner)]), ...group.apps.map(({ id }) => id)];
}
