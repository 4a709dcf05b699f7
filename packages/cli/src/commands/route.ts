/** `stadion route …` and `stadion cert list`: how apps are reached from outside. */
import type { EdgeProblem, EdgeRoute, EdgeServer } from '@stadion/contract/edge';
import { didYouMean } from '../core/suggestions.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Printer } from '../output/printer.ts';
import type { Cell } from '../output/table.ts';
import { notFound, usageError } from '../report-error.ts';
import { readCount, type CommandCall, type CommandSpec, type OptionSpec } from './command.ts';

const EDGE_OPTION: OptionSpec = {
  flags: '--edge <url>',
  description:
    'administration of the edge (default: that of the running platform, or http://127.0.0.1:9090) [STADION_EDGE_URL]',
};

/** The commands about routes. */
export const routeCommands: readonly CommandSpec[] = [
  {
    path: 'route list',
    summary: 'list routes with their traffic, and what is wrong with labels',
    options: [EDGE_OPTION],
    async run(call) {
      const { printer } = call.session;
      const answer = await (await edgeOf(call)).routes();
      printer.answer(
        answer,
        () => [
          ...printer.table(['ROUTE', 'APP', 'RULE', 'UP', 'REQ/S', 'P99', '5XX/S'], answer.routes.map(routeRow)),
          ...problemLines(printer, answer.problems),
          ...(answer.isConnected ? [] : ['', 'The orchestrator is not reached: the last known state is served.']),
        ],
        answer.routes.map(({ name }) => name),
      );
      return EXIT.ok;
    },
  },
  {
    path: 'route show',
    arguments: '<route-or-app>',
    summary: 'show routes by their name or app: rule, steps, servers, traffic',
    options: [EDGE_OPTION],
    async run(call) {
      const { printer } = call.session;
      const wanted = call.argument(0);
      const { routes, problems } = await (await edgeOf(call)).routes();
      const found = routes.filter(({ name, source }) => name === wanted || source === wanted);
      const about = problems.filter(
        ({ source }) => source === wanted || found.some((route) => route.source === source),
      );
      if (found.length === 0 && about.length === 0) {
        const names = routes.flatMap(({ name, source }) => [name, source]);
        throw notFound(
          `There is no route '${wanted}'.`,
          didYouMean(wanted, names) || 'See all with: stadion route list',
        );
      }
      printer.answer(
        { routes: found, problems: about },
        () => [...found.flatMap((route) => routePage(printer, route)), ...problemLines(printer, about)],
        found.map(({ name }) => name),
      );
      return EXIT.ok;
    },
  },
  {
    path: 'route test',
    arguments: '<url>',
    summary: 'say which route would take a request for a URL',
    options: [EDGE_OPTION, { flags: '--method <method>', description: 'of the request (default: GET)' }],
    examples: ['stadion route test http://shop.example.com/cart'],
    async run(call) {
      const { printer } = call.session;
      const answer = await (await edgeOf(call)).test(call.argument(0), call.text('method') ?? 'GET');
      printer.answer(
        answer,
        () => [...(answer.route === undefined ? [] : routePage(printer, answer.route)), answer.message],
        answer.route === undefined ? [] : [answer.route.name],
      );
      return answer.route === undefined ? EXIT.error : EXIT.ok;
    },
  },
  {
    path: 'route drain',
    arguments: '<server-task-or-app>',
    summary: 'take a server (host:port), a task or an app out of all routes; what is under way finishes',
    options: [EDGE_OPTION, { flags: '--undo', description: 'let it in again' }],
    examples: ['stadion route drain 10.0.0.7:31005', 'stadion route drain /shop --undo'],
    async run(call) {
      const { printer } = call.session;
      const overrides = await (await edgeOf(call)).setDrained(call.argument(0), !call.isSet('undo'));
      const { drained } = overrides;
      printer.answer(
        overrides,
        () => [drained.length === 0 ? 'Nothing is out by hand.' : `Out by hand: ${drained.join(', ')}`],
        drained,
      );
      return EXIT.ok;
    },
  },
  {
    path: 'route weight',
    arguments: '<app> <share>',
    summary: 'set the share of an app in a service that several apps have in common; "auto": as its labels say',
    options: [EDGE_OPTION],
    examples: ['stadion route weight /shop-canary 5', 'stadion route weight /shop-canary auto'],
    async run(call) {
      const { printer } = call.session;
      const [app, share] = [call.argument(0), call.argument(1)];
      if (!app.startsWith('/')) throw usageError(`'${app}' is no app id: it begins with a slash.`);
      const wanted = share === 'auto' ? null : readCount('The share', share);
      const overrides = await (await edgeOf(call)).setShare(app, wanted);
      const rows = Object.entries(overrides.shares).map(([id, value]) => `${id} ${String(value)}`);
      printer.answer(overrides, () => [rows.length === 0 ? 'All shares are as labels say.' : rows.join('\n')], rows);
      return EXIT.ok;
    },
  },
];

/** The commands about certificates. */
export const certificateCommands: readonly CommandSpec[] = [
  {
    path: 'cert list',
    summary: 'list the certificates of the edge and how long they are good for',
    options: [EDGE_OPTION],
    async run(call): Promise<ExitCode> {
      const { printer } = call.session;
      const { certificates } = await (await edgeOf(call)).certificates();
      const rows = certificates.map(({ names, source, issuer, notAfter, daysLeft }): Cell[] => [
        names.join(','),
        source,
        issuer,
        notAfter,
        daysLeft < 14 ? { text: `${String(daysLeft)} days`, style: 'bad' } : `${String(daysLeft)} days`,
      ]);
      printer.answer(
        certificates,
        () => printer.table(['NAMES', 'FROM', 'ISSUER', 'UNTIL', 'LEFT'], rows),
        certificates.flatMap(({ names }) => names),
      );
      return EXIT.ok;
    },
  },
];

function edgeOf(call: CommandCall): ReturnType<CommandCall['session']['edge']> {
  return call.session.edge(call.text('edge'));
}

function routeRow({ name, source, rule, servers, traffic, url }: EdgeRoute): Cell[] {
  const up = servers.filter(({ state }) => state === 'up').length;
  const count = `${String(up)}/${String(servers.length)}`;
  return [
    name,
    source,
    url ?? rule,
    up === 0 ? { text: count, style: 'bad' } : count,
    traffic.requestsPerSecond.toFixed(1),
    `${String(traffic.p99Ms)} ms`,
    traffic.errorsPerSecond > 0 ? { text: traffic.errorsPerSecond.toFixed(1), style: 'bad' } : '0',
  ];
}

function routePage(printer: Printer, route: EdgeRoute): string[] {
  const { traffic } = route;
  const fields: [string, Cell][] = [
    ['Route', route.name],
    ['App', route.source],
    ['Rule', route.rule],
    ['Url', route.url ?? '-'],
    ['Entry points', route.entryPoints.join(', ')],
    ['Priority', String(route.priority)],
    ['Steps', route.middlewares.join(', ') || '-'],
    ['Service', route.service],
    ...(route.leftToWorkers === undefined
      ? []
      : [['Carried by', `workers behind HAProxy: ${route.leftToWorkers}`] satisfies [string, Cell]]),
    [
      'Requests',
      `${String(traffic.requests)} (${traffic.requestsPerSecond.toFixed(1)}/s, ${String(traffic.active)} under way)`,
    ],
    ['Statuses', traffic.statuses.map((count, index) => `${String(index + 1)}xx ${String(count)}`).join(', ')],
    ['Latency', `p50 ${String(traffic.p50Ms)} ms, p99 ${String(traffic.p99Ms)} ms`],
  ];
  const table = printer.table(
    ['SERVER', 'TASK', 'STATE', 'WEIGHT', 'ACTIVE', 'REQUESTS', 'FAILED'],
    route.servers.map(serverRow),
  );
  return [...printer.fields(fields), '', ...table, ''];
}

function serverRow({ id, task, state, weight, active, requests, failures }: EdgeServer): Cell[] {
  const style = state === 'up' ? 'good' : 'bad';
  return [id, task ?? '-', { text: state, style }, String(weight), String(active), String(requests), String(failures)];
}

function problemLines(printer: Printer, problems: readonly EdgeProblem[]): string[] {
  if (problems.length === 0) return [];
  const rows = problems.map(({ source, label, message, spoils }): Cell[] => [
    source,
    label,
    { text: spoils === 'route' ? 'route left out' : 'setting ignored', style: 'bad' },
    message,
  ]);
  return ['', 'Problems:', ...printer.table(['APP', 'LABEL', 'SPOILS', 'WHY'], rows)];
}
