/** `stadion app list|show|versions|why`: looks, and changes nothing. */
import type { AppInfo, QueueItem } from '@stadion/contract/orchestrator';
import { conditionOf, readyCount } from '../core/app-condition.ts';
import { formatAge } from '../core/durations.ts';
import { safeText } from '../core/safe-text.ts';
import { explain } from '../core/why.ts';
import { EXIT } from '../exit-codes.ts';
import type { Printer } from '../output/printer.ts';
import { conditionStyle } from '../output/style.ts';
import type { Cell } from '../output/table.ts';
import type { CommandSpec } from './command.ts';
import { getApp, queueByApp } from './lookup.ts';
import { appTable, taskTable } from './views.ts';

/** The commands. */
export const appReadCommands: readonly CommandSpec[] = [
  {
    path: 'app list',
    summary: 'list the apps and what they are doing',
    options: [
      { flags: '-l, --label <selector>', description: 'only apps with these labels, e.g. "team==shop,tier in (a,b)"' },
    ],
    async run(call) {
      const { printer, time } = call.session;
      const client = await call.session.orchestrator();
      const label = call.text('label');
      const { apps } = await client.listApps(label === undefined ? {} : { query: { label } });
      const queue = queueByApp((await client.listQueue()).queue);
      printer.answer(
        apps,
        () => appTable(printer, apps, queue, time.now()),
        apps.map(({ id }) => id),
      );
      return EXIT.ok;
    },
  },
  {
    path: 'app show',
    arguments: '<app>',
    summary: 'show one app and its tasks',
    completes: 'app',
    async run(call) {
      const { printer, time } = call.session;
      const client = await call.session.orchestrator();
      const app = await getApp(client, call.argument(0));
      const queued = queueByApp((await client.listQueue()).queue).get(app.id);
      printer.answer(app, () => appPage(printer, app, queued, time.now()), [app.id]);
      return EXIT.ok;
    },
  },
  {
    path: 'app versions',
    arguments: '<app>',
    summary: 'list the versions of an app, newest first',
    completes: 'app',
    async run(call) {
      const { printer, time } = call.session;
      const client = await call.session.orchestrator();
      const app = await getApp(client, call.argument(0));
      const { versions } = await client.listAppVersions({ params: { id: app.id } });
      const rows = versions.map((version) => [
        version,
        formatAge(version, time.now()),
        version === app.version ? 'current' : '',
      ]);
      printer.answer(versions, () => printer.table(['VERSION', 'AGE', ''], rows), versions);
      return EXIT.ok;
    },
  },
  {
    path: 'app why',
    arguments: '<app>',
    summary: 'say why an app is not running as it should',
    completes: 'app',
    async run(call) {
      const { printer, time } = call.session;
      const client = await call.session.orchestrator();
      const app = await getApp(client, call.argument(0));
      const ids = new Set((app.deployments ?? []).map(({ id }) => id));
      const deployments = ids.size === 0 ? [] : (await client.listDeployments()).filter(({ id }) => ids.has(id));
      const queued = queueByApp((await client.listQueue()).queue).get(app.id);
      const answer = explain({ app, queued, deployments, nowMs: time.now() });
      printer.answer(answer, () => [
        `${safeText(app.id)} is ${printer.paint(conditionStyle(answer.condition), answer.condition)}: ${safeText(answer.summary)}`,
        ...answer.facts.map((fact) => `  ${safeText(fact)}`),
      ]);
      return EXIT.ok;
    },
  },
];

function appPage(printer: Printer, app: AppInfo, queued: QueueItem | undefined, nowMs: number): string[] {
  const condition = conditionOf(app, queued);
  const failure = app.lastTaskFailure;
  const fields: [string, Cell][] = [
    ['App', app.id],
    ['State', { text: condition, style: conditionStyle(condition) }],
    ['Ready', `${readyCount(app)} of ${app.instances} instances`],
    [
      'Resources',
      `${app.cpus} cpus, ${app.mem} MiB mem, ${app.disk} MiB disk${app.gpus > 0 ? `, ${app.gpus} gpus` : ''}`,
    ],
    ['Version', `${app.version} (${formatAge(app.version, nowMs)} ago)`],
    ...optionalFields(app),
    ...(failure === undefined
      ? []
      : [
          ['Last failure', `${formatAge(failure.timestamp, nowMs)} ago: ${failure.state} ${failure.message}`] as [
            string,
            Cell,
          ],
        ]),
  ];
  const tasks = app.tasks ?? [];
  return [...printer.fields(fields), ...(tasks.length === 0 ? [] : ['', ...taskTable(printer, tasks, nowMs)])];
}

function optionalFields(app: AppInfo): [string, Cell][] {
  const labels = Object.entries(app.labels);
  const fields: [string, string | undefined][] = [
    ['Command', app.cmd ?? app.args?.join(' ')],
    ['Image', app.container?.docker?.image],
    ['Ports', portsOf(app)],
    [
      'Health checks',
      app.healthChecks?.map(({ protocol, path }) => [protocol, path].filter(Boolean).join(' ')).join(', '),
    ],
    ['Constraints', app.constraints?.map((constraint) => constraint.join(' ')).join(', ')],
    ['Volumes', volumesOf(app)],
    ['Labels', labels.length === 0 ? undefined : labels.map(([key, value]) => `${key}=${value}`).join(', ')],
    ['Deployments', (app.deployments ?? []).map(({ id }) => id).join(', ') || undefined],
  ];
  return fields.filter((field): field is [string, string] => field[1] !== undefined);
}

/** Those that stay with their instance. */
function volumesOf(app: AppInfo): string | undefined {
  const volumes = (app.container?.volumes ?? []).flatMap(({ containerPath, persistent }) =>
    persistent === undefined ? [] : [`${containerPath} (${persistent.size} MiB, persistent)`],
  );
  return volumes.length === 0 ? undefined : volumes.join(', ');
}

function portsOf(app: AppInfo): string | undefined {
  const mappings = app.container?.portMappings?.map(
    ({ containerPort, servicePort }) => `${containerPort} (service ${servicePort})`,
  );
  const definitions = app.portDefinitions?.map(({ port, name }) =>
    name === undefined ? `${port}` : `${name} ${port}`,
  );
  return (mappings ?? definitions)?.join(', ');
}
