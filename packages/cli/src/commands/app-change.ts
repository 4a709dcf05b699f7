/** `stadion app add|update|scale|restart|suspend|remove|rollback`: changes, each carried out by a deployment. */
import { PlatformError } from '@stadion/base';
import { isApiError, type OrchestratorClient } from '@stadion/contract/client';
import type { AppInfo, AppInput, DeploymentResult } from '@stadion/contract/orchestrator';
import { definitionOf, isChange, readChanges } from '../core/app-changes.ts';
import { didYouMean } from '../core/suggestions.ts';
import type { ExitCode } from '../exit-codes.ts';
import { readDocument } from '../platform/input.ts';
import type { Session } from '../platform/session.ts';
import { notFound, usageError } from '../report-error.ts';
import { carryOut, changeOptions, forceOf } from './changing.ts';
import { readCount, type CommandCall, type CommandSpec } from './command.ts';
import { getApp } from './lookup.ts';

/** The commands. */
export const appChangeCommands: readonly CommandSpec[] = [
  {
    path: 'app add',
    arguments: '<file>',
    summary: 'create an app from a JSON or YAML file, or from standard input (-)',
    options: changeOptions,
    examples: ['stadion app add shop.yaml', 'generate-app | stadion app add - --timeout 2m'],
    async run(call) {
      const body = await readDefinition(call.session, call.argument(0));
      return await carryOut(call, body.id ?? 'the app', async (client) =>
        deploymentOf(await create(client, body, forceOf(call))),
      );
    },
  },
  {
    path: 'app update',
    arguments: '<app> <changes...>',
    summary: 'change an app: by key=value, or by a file with the members to replace',
    completes: 'app',
    options: changeOptions,
    examples: [
      'stadion app update /shop instances=3 cpus=0.5',
      'stadion app update /shop env.COLOR=red labels.team-',
      'stadion app update /shop shop.yaml',
    ],
    async run(call) {
      const [id = '', ...changes] = call.arguments;
      const app = await getApp(await call.session.orchestrator(), id);
      const update = await readUpdate(call.session, app, changes);
      return await changeApp(call, app.id, update);
    },
  },
  {
    path: 'app scale',
    arguments: '<app> <instances>',
    summary: 'set the number of instances',
    completes: 'app',
    options: changeOptions,
    async run(call) {
      const instances = readCount('The number of instances', call.argument(1));
      const app = await getApp(await call.session.orchestrator(), call.argument(0));
      return await changeApp(call, app.id, { instances });
    },
  },
  {
    path: 'app suspend',
    arguments: '<app>',
    summary: 'stop all instances and keep the app',
    completes: 'app',
    options: changeOptions,
    async run(call) {
      const app = await getApp(await call.session.orchestrator(), call.argument(0));
      return await changeApp(call, app.id, { instances: 0 });
    },
  },
  {
    path: 'app restart',
    arguments: '<app>',
    summary: 'replace all instances, rolling',
    completes: 'app',
    options: changeOptions,
    async run(call) {
      const app = await getApp(await call.session.orchestrator(), call.argument(0));
      return await carryOut(call, app.id, (client) =>
        client.restartApp({ params: { id: app.id }, query: forceOf(call) }),
      );
    },
  },
  {
    path: 'app remove',
    arguments: '<app>',
    summary: 'stop all instances and forget the app',
    completes: 'app',
    options: changeOptions,
    async run(call) {
      const app = await getApp(await call.session.orchestrator(), call.argument(0));
      // The API forces by default here; a person who does not say so does not mean it.
      const query = { force: call.isSet('force') };
      return await carryOut(call, `${app.id} is gone`, (client) => client.deleteApp({ params: { id: app.id }, query }));
    },
  },
  {
    path: 'app rollback',
    arguments: '<app> [version]',
    summary: 'go back to the version before, or to one of "stadion app versions"',
    completes: 'app',
    options: changeOptions,
    async run(call) {
      const client = await call.session.orchestrator();
      const app = await getApp(client, call.argument(0));
      const version = await findVersion(client, app, call.arguments[1]);
      return await changeApp(call, app.id, { version });
    },
  },
];

function changeApp(call: CommandCall, id: string, body: AppInput): Promise<ExitCode> {
  return carryOut(call, id, (client) => client.patchApp({ params: { id }, query: forceOf(call), body }));
}

async function create(
  client: OrchestratorClient,
  body: AppInput,
  query: { readonly force?: boolean },
): Promise<AppInfo> {
  try {
    return await client.createApp({ query, body });
  } catch (error) {
    // A 409 without deployments means that the id is taken.
    if (!isApiError(error) || error.status !== 409 || (error.answer.deployments ?? []).length > 0) throw error;
    throw new PlatformError(
      'already-exists',
      `${error.message.replace(/\.?$/, '.')} Change it with: stadion app update ${body.id ?? 'APP'} FILE`,
    );
  }
}

function deploymentOf(app: AppInfo): DeploymentResult {
  const [deployment] = app.deployments ?? [];
  if (deployment === undefined) {
    throw new PlatformError(
      'orchestrator-answer-unexpected',
      `${app.id} was accepted, but the answer names no deployment. See how it is with: stadion app show ${app.id}`,
    );
  }
  return { deploymentId: deployment.id, version: app.version };
}

async function readDefinition(session: Session, source: string): Promise<AppInput> {
  const document = await readDocument(session.machine, source);
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw usageError(`${source} must contain one app: an object with at least an id.`);
  }
  return definitionOf(document);
}

async function readUpdate(session: Session, app: AppInfo, changes: readonly string[]): Promise<AppInput> {
  const files = changes.filter((change) => !isChange(change));
  const [file] = files;
  if (file !== undefined) {
    if (changes.length > 1) throw usageError('Give either one file or key=value changes.');
    return await readDefinition(session, file);
  }
  const result = readChanges(app, changes);
  if (!result.ok) throw usageError(result.problem);
  return result.update;
}

async function findVersion(client: OrchestratorClient, app: AppInfo, written: string | undefined): Promise<string> {
  const { versions } = await client.listAppVersions({ params: { id: app.id } });
  if (written === undefined) {
    const previous = versions.find((version) => version < app.version);
    if (previous === undefined) throw notFound(`${app.id} has only one version, so there is none to go back to.`, '');
    return previous;
  }
  if (versions.includes(written)) return written;
  throw notFound(
    `${app.id} has no version ${written}.`,
    didYouMean(written, versions) || `See: stadion app versions ${app.id}`,
  );
}
