/** `stadion role …`: who shares the cluster, by how much they count, and what they may have at most. */
import type { StateResources } from '@stadion/contract/mesos-state';
import { readAmounts, writeAmounts, type Amounts } from '../core/amounts.ts';
import { EXIT } from '../exit-codes.ts';
import { usageError } from '../report-error.ts';
import type { CommandCall, CommandSpec } from './command.ts';

/** The commands. */
export const roleCommands: readonly CommandSpec[] = [
  {
    path: 'role list',
    summary: 'list roles with their weights, quotas and what they hold',
    async run(call) {
      const { printer } = call.session;
      const { roles } = await (await call.session.orchestrator()).clusterRoles();
      const rows = roles.map(({ name, weight, quota, allocated, frameworks }) => [
        name,
        String(weight),
        writeAmounts(quota.guarantee),
        writeAmounts(quota.limit),
        held(allocated),
        String(frameworks.length),
      ]);
      printer.answer(
        roles,
        () => printer.table(['ROLE', 'WEIGHT', 'GUARANTEED', 'AT MOST', 'HOLDS', 'FRAMEWORKS'], rows),
        roles.map(({ name }) => name),
      );
      return EXIT.ok;
    },
  },
  {
    path: 'role quota',
    arguments: '<role>',
    summary: 'set what a role may have at most, and what it is given before others; what is left out is unbound',
    options: [
      { flags: '--limit <amounts>', description: 'at most, e.g. cpus=8,mem=16384 (MiB)' },
      { flags: '--guarantee <amounts>', description: 'before others, e.g. cpus=2,mem=4096' },
      { flags: '--force', description: 'also when the cluster cannot keep it now' },
      { flags: '--remove', description: 'no bounds any more' },
    ],
    examples: ['stadion role quota eng --limit cpus=8,mem=16384', 'stadion role quota eng --remove'],
    async run(call) {
      const role = call.argument(0);
      const [limits, guarantees] = [amountsOf(call, 'limit'), amountsOf(call, 'guarantee')];
      const isRemoval = call.isSet('remove');
      if (isRemoval === (limits !== undefined || guarantees !== undefined)) {
        throw usageError('Say either what the bounds are (--limit, --guarantee), or --remove.');
      }
      const config = { role, ...(limits && { limits }), ...(guarantees && { guarantees }) };
      const master = await call.session.master();
      await master.order({
        type: 'UPDATE_QUOTA',
        update_quota: { force: call.isSet('force'), quota_configs: [config] },
      });
      call.session.printer.answer(config, () => [`${role} ${isRemoval ? 'has no bounds' : 'is bound'}.`], [role]);
      return EXIT.ok;
    },
  },
  {
    path: 'role weight',
    arguments: '<role> <weight>',
    summary: 'set how much a role counts beside others when they share',
    examples: ['stadion role weight eng 2'],
    async run(call) {
      const [role, text] = [call.argument(0), call.argument(1)];
      const weight = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
      if (weight === 0) throw usageError(`A weight is a number above 0, not '${text}'.`);
      const info = { role, weight };
      await (await call.session.master()).order({ type: 'UPDATE_WEIGHTS', update_weights: { weight_infos: [info] } });
      call.session.printer.answer(info, () => [`${role} counts ${text} times.`], [role]);
      return EXIT.ok;
    },
  },
];

function held(resources: StateResources): string {
  const amounts = Object.entries(resources).flatMap(([name, value]) =>
    typeof value === 'number' && value > 0 ? [[name, value] as const] : [],
  );
  return writeAmounts(Object.fromEntries(amounts));
}

function amountsOf(call: CommandCall, name: string): Amounts | undefined {
  const text = call.text(name);
  if (text === undefined) return undefined;
  const amounts = readAmounts(text);
  if (typeof amounts === 'string') throw usageError(`--${name}: ${amounts}`);
  return amounts;
}
