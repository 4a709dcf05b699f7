/** `stadion deploy list|watch|cancel`. */
import type { OrchestratorClient } from '@stadion/contract/client';
import type { DeploymentInfo } from '@stadion/contract/orchestrator';
import { appId, conditionOf, needsAttention } from '../core/app-condition.ts';
import { formatAge } from '../core/durations.ts';
import { safeText } from '../core/safe-text.ts';
import { didYouMean } from '../core/suggestions.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { isApiError } from '@stadion/contract/client';
import type { Session } from '../platform/session.ts';
import { notFound } from '../report-error.ts';
import { stayWith, withWatcher } from './changing.ts';
import type { CommandSpec } from './command.ts';
import { getApp, queueByApp } from './lookup.ts';

/** The commands. */
export const deployCommands: readonly CommandSpec[] = [
  {
    path: 'deploy list',
    summary: 'list the deployments under way',
    async run(call) {
      const { printer, time } = call.session;
      const client = await call.session.orchestrator();
      const deployments = await client.listDeployments();
      const rows = deployments.map((deployment) => [
        deployment.id,
        `${deployment.currentStep}/${deployment.totalSteps}`,
        deployment.affectedApps.join(', '),
        deployment.currentActions.map(({ action }) => action).join(', ') || '-',
        formatAge(deployment.version, time.now()),
      ]);
      printer.answer(
        deployments,
        () => printer.table(['DEPLOYMENT', 'STEP', 'APPS', 'ACTIONS', 'AGE'], rows),
        deployments.map(({ id }) => id),
      );
      return EXIT.ok;
    },
  },
  {
    path: 'deploy watch',
    arguments: '[deployment-or-app]',
    summary: 'follow a deployment to its end: exit code 0 when it succeeds, 1 when not, 3 after --timeout',
    completes: 'deployment-or-app',
    options: [{ flags: '--timeout <duration>', description: 'how long to wait, e.g. 90s or 5m (then exit code 3)' }],
    async run(call) {
      const { session } = call;
      const client = await session.orchestrator();
      const [written] = call.arguments;
      return await withWatcher(call, client, async (watcher, signal) => {
        const deployments = await client.listDeployments({ signal });
        const deployment = findDeployment(deployments, written);
        if (deployment !== undefined) {
          return await stayWith(
            session,
            watcher,
            { deploymentId: deployment.id, subject: deployment.affectedApps.join(', ') },
            signal,
          );
        }
        if (written === undefined) {
          session.printer.remark('Nothing is being deployed.');
          return EXIT.ok;
        }
        return await reportSettled(session, client, written, deployments);
      });
    },
  },
  {
    path: 'deploy cancel',
    arguments: '<deployment>',
    summary: 'take a deployment back; with --force just stop it where it is',
    completes: 'deployment',
    options: [
      { flags: '--force', description: 'stop it and leave everything as it is now' },
      { flags: '-d, --detach', description: 'do not wait until it is taken back' },
      { flags: '--timeout <duration>', description: 'how long to wait, e.g. 90s or 5m (then exit code 3)' },
    ],
    async run(call) {
      const { session } = call;
      const { printer } = session;
      const client = await session.orchestrator();
      const deployments = await client.listDeployments();
      const written = call.argument(0);
      const id = findDeployment(deployments, written)?.id;
      if (id === undefined) throw noDeployment(written, deployments);
      return await withWatcher(call, client, async (watcher, signal) => {
        const force = call.isSet('force');
        const result = await client.cancelDeployment({ params: { deploymentId: id }, query: { force }, signal });
        if (result === null) {
          printer.answer({ deploymentId: id, outcome: 'cancelled' }, () => [`Stopped deployment ${safeText(id)}.`], [
            id,
          ]);
          return EXIT.ok;
        }
        printer.remark(`Deployment ${id} is taken back by ${result.deploymentId}.`);
        if (call.isSet('detach')) {
          printer.answer({ ...result, outcome: 'started' }, () => [safeText(result.deploymentId)], [
            result.deploymentId,
          ]);
          return EXIT.ok;
        }
        return await stayWith(
          session,
          watcher,
          { deploymentId: result.deploymentId, subject: `deployment ${id} is taken back` },
          signal,
        );
      });
    },
  },
];

/** By id, by its beginning, or by an app that it changes; without a name, the only or newest one. */
export function findDeployment(
  deployments: readonly DeploymentInfo[],
  written: string | undefined,
): DeploymentInfo | undefined {
  const newestFirst = [...deployments].sort((left, right) => (left.version < right.version ? 1 : -1));
  if (written === undefined) return newestFirst[0];
  return (
    newestFirst.find(({ id }) => id === written) ??
    newestFirst.find(({ affectedApps }) => affectedApps.includes(appId(written))) ??
    (written.length >= 4 ? newestFirst.find(({ id }) => id.startsWith(written)) : undefined)
  );
}

/** Nothing is being deployed for this name: for an app, whether it is well; else that there is no such deployment. */
async function reportSettled(
  session: Session,
  client: OrchestratorClient,
  written: string,
  deployments: readonly DeploymentInfo[],
): Promise<ExitCode> {
  const { printer } = session;
  try {
    await client.getApp({ params: { id: appId(written) } });
  } catch (error) {
    if (!isApiError(error) || error.status !== 404) throw error;
    throw noDeployment(written, deployments);
  }
  const app = await getApp(client, written);
  const condition = conditionOf(app, queueByApp((await client.listQueue()).queue).get(app.id));
  printer.answer({ app: app.id, condition }, () => [`Nothing is being deployed: ${safeText(app.id)} is ${condition}.`]);
  return needsAttention(condition) ? EXIT.error : EXIT.ok;
}

/** What is said when there is no deployment of a name. */
export function noDeployment(written: string, deployments: readonly DeploymentInfo[]): Error {
  const names = deployments.flatMap(({ id, affectedApps }) => [id, ...affectedApps]);
  return notFound(
    `No deployment '${written}' is under way; it may have ended.`,
    didYouMean(written, names) || 'See what is under way with: stadion deploy list',
  );
}
