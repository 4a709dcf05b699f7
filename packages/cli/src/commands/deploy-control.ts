/** `stadion deploy pause|resume|promote|fail|history`: holds deployments, and looks back at them. */
import type { DeploymentRecord } from '@stadion/contract/orchestrator-extensions';
import { appId } from '../core/app-condition.ts';
import { formatAge, formatDuration } from '../core/durations.ts';
import { safeText } from '../core/safe-text.ts';
import { EXIT } from '../exit-codes.ts';
import { findDeployment, noDeployment } from './deploy.ts';
import type { CommandSpec } from './command.ts';

const CONTROLS = [
  ['pause', 'hold a deployment: nothing is started or ended until it is resumed'],
  ['resume', 'let a paused deployment go on'],
  ['promote', 'find the canary of a deployment good: let it go on to all instances'],
  ['fail', 'find a deployment bad: end it and make everything what it was'],
] as const;

/** The commands. */
export const deployControlCommands: readonly CommandSpec[] = [
  ...CONTROLS.map(([action, summary]): CommandSpec => ({
    path: `deploy ${action}`,
    arguments: '<deployment-or-app>',
    summary,
    completes: 'deployment-or-app',
    async run(call) {
      const { printer } = call.session;
      const client = await call.session.orchestrator();
      const deployments = await client.listDeployments();
      const written = call.argument(0);
      const deployment = findDeployment(deployments, written);
      if (deployment === undefined) throw noDeployment(written, deployments);
      const request = { params: { deploymentId: deployment.id } };
      const control = {
        pause: client.pauseDeployment,
        resume: client.resumeDeployment,
        promote: client.promoteDeployment,
        fail: client.failDeployment,
      }[action];
      const record = await control(request);
      printer.answer(record, () => [`Deployment ${safeText(record.id)} is ${safeText(record.outcome)}.`], [record.id]);
      return EXIT.ok;
    },
  })),
  {
    path: 'deploy history',
    arguments: '[app]',
    summary: 'list deployments under way and those that ended last: who, what, how long, what failed',
    options: [{ flags: '--limit <count>', description: 'how many (default 50)' }],
    completes: 'app',
    async run(call) {
      const { printer, time } = call.session;
      const client = await call.session.orchestrator();
      const [app] = call.arguments;
      const limit = call.count('limit');
      const records = await client.listDeploymentRecords({
        query: { ...(app !== undefined && { app: appId(app) }), ...(limit !== undefined && { limit }) },
      });
      const rows = records.map((record) => [
        record.id,
        record.outcome,
        record.affectedApps.join(', '),
        changeText(record),
        formatDuration(record.durationSeconds * 1000),
        formatAge(record.startedAt, time.now()),
        record.by ?? '-',
        record.reason ?? '-',
      ]);
      printer.answer(
        records,
        () => printer.table(['DEPLOYMENT', 'OUTCOME', 'APPS', 'CHANGE', 'TOOK', 'AGE', 'BY', 'REASON'], rows),
        records.map(({ id }) => id),
      );
      return EXIT.ok;
    },
  },
];

function changeText({ changes }: DeploymentRecord): string {
  const [first] = changes;
  if (first === undefined) return '-';
  const fields = first.fields.map(({ path }) => path.slice(1)).slice(0, 3);
  return [first.change, ...(fields.length === 0 ? [] : [fields.join(' ')])].join(' ');
}
