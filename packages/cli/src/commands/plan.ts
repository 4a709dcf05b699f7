/** `stadion plan`: says what a change would come to; `--apply` makes just that change, unless it has become another. */
import type { PlanAnswer } from '@stadion/contract/orchestrator-extensions';
import { safeText } from '../core/safe-text.ts';
import { EXIT } from '../exit-codes.ts';
import { readDocument } from '../platform/input.ts';
import { usageError } from '../report-error.ts';
import { carryOut, changeOptions, forceOf } from './changing.ts';
import type { CommandSpec } from './command.ts';

/** The command. */
export const planCommands: readonly CommandSpec[] = [
  {
    path: 'plan',
    arguments: '<file>',
    summary: 'say what a file with one app or a group would change: exit code 0 when nothing, 2 when something',
    options: [
      { flags: '--apply', description: 'make the change, unless it has become another meanwhile' },
      ...changeOptions,
    ],
    examples: ['stadion plan shop.yaml', 'stadion plan shop.yaml --apply'],
    async run(call) {
      const { printer, machine } = call.session;
      const client = await call.session.orchestrator();
      const source = call.argument(0);
      const document = await readDocument(machine, source);
      if (!isObjectWithId(document)) {
        throw usageError(`${source} must contain one app or one group: an object with an id.`);
      }
      const { id } = document;
      const isGroup = ['apps', 'groups'].some((name) => Object.hasOwn(document, name));
      const plan = await client.plan({ body: isGroup ? { group: document } : { app: document } });
      if (!call.isSet('apply')) {
        printer.answer(plan, () => planLines(plan));
        return plan.changes.length === 0 ? EXIT.ok : EXIT.usage;
      }
      const query = { ...forceOf(call), planToken: plan.token };
      return await carryOut(call, id, async () => {
        if (!isGroup) return client.putApp({ params: { id }, query, body: document });
        const answer = await client.putRootGroup({ query, body: document });
        if ('deploymentId' in answer) return answer;
        throw usageError('The answer names no deployment.');
      });
    },
  },
];

/** Its members are judged by the platform. */
function isObjectWithId(document: unknown): document is { readonly id: string } {
  return typeof document === 'object' && document !== null && 'id' in document && typeof document.id === 'string';
}

const SIGNS = { create: '+', update: '~', remove: '-' } as const;

function planLines(plan: PlanAnswer): string[] {
  if (plan.changes.length === 0) return ['Nothing would change.'];
  const steps = plan.steps.map(({ actions }, index) => {
    return `  ${String(index + 1)}. ${actions.map(({ action, app }) => `${action} ${app}`).join(', ')}`;
  });
  return [
    ...plan.changes.flatMap(({ app, change, fields }) => [
      `${SIGNS[change]} ${app}`,
      ...fields.map(
        ({ path, before = '(absent)', after = '(absent)' }) => `    ${path.slice(1)}: ${before} -> ${after}`,
      ),
    ]),
    'Steps:',
    ...steps,
    ...plan.fit.map(({ app, wanted, placeable, reason = '' }) =>
      placeable >= wanted
        ? `${app} fits: ${String(wanted)} more`
        : `${app} does not fit now: ${String(placeable)} of ${String(wanted)} more; ${reason}`,
    ),
    ...plan.conflicts.map((id) => `In the way: deployment ${id}`),
    ...plan.refusals.map((refusal) => `In the way: ${refusal}`),
  ].map(safeText);
}
