/** The command line as a whole: builds the parser from the table of commands, runs one, and gives the exit code. */
import { Command, CommanderError, Option } from 'commander';
import { appChangeCommands } from './commands/app-change.ts';
import { appReadCommands } from './commands/app-read.ts';
import { backupCommands } from './commands/backup.ts';
import { CommandCall, type CommandSpec } from './commands/command.ts';
import { COMPLETE, completionCommands } from './commands/completion.ts';
import { deployControlCommands } from './commands/deploy-control.ts';
import { deployCommands } from './commands/deploy.ts';
import { discoveryCommands } from './commands/discovery.ts';
import { dnsCommands } from './commands/dns.ts';
import { doctorCommands } from './commands/doctor.ts';
import { groupCommands } from './commands/group.ts';
import { execCommands } from './commands/exec.ts';
import { eventsCommands } from './commands/events.ts';
import { imageCommands } from './commands/image.ts';
import { logsCommands } from './commands/logs.ts';
import { nodeCommands } from './commands/node.ts';
import { planCommands } from './commands/plan.ts';
import { podCommands } from './commands/pod.ts';
import { platformCommands } from './commands/platform.ts';
import { certificateCommands, routeCommands } from './commands/route.ts';
import { accessCommands } from './commands/access.ts';
import { maintenanceCommands } from './commands/maintenance.ts';
import { rebalanceCommands } from './commands/rebalance.ts';
import { roleCommands } from './commands/role.ts';
import { secretCommands } from './commands/secret.ts';
import { statusCommands } from './commands/status.ts';
import { taskCommands } from './commands/task.ts';
import { topCommands } from './commands/top.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { FORMATS } from './output/printer.ts';
import type { CliPorts } from './platform/ports.ts';
import { Session, type CommonOptions } from './platform/session.ts';
import { reportError } from './report-error.ts';

/** Every command, in the order of help. */
const commands: readonly CommandSpec[] = [
  ...platformCommands.filter(({ path }) => path !== 'version'),
  ...statusCommands,
  ...doctorCommands,
  ...appReadCommands,
  ...appChangeCommands,
  ...groupCommands,
  ...podCommands,
  ...planCommands,
  ...deployCommands,
  ...deployControlCommands,
  ...taskCommands,
  ...topCommands,
  ...execCommands,
  ...secretCommands,
  ...accessCommands,
  ...logsCommands,
  ...eventsCommands,
  ...nodeCommands,
  ...imageCommands,
  ...rebalanceCommands,
  ...roleCommands,
  ...maintenanceCommands,
  ...backupCommands,
  ...dnsCommands,
  ...routeCommands,
  ...certificateCommands,
  ...discoveryCommands,
  ...platformCommands.filter(({ path }) => path === 'version'),
  ...completionCommands(() => commands, commonFlags()),
];

const GROUPS: Readonly<Record<string, string>> = {
  app: 'add, change and look at apps',
  group: 'look at and change groups of apps',
  pod: 'look at and change pods',
  deploy: 'follow and take back deployments',
  task: 'list and kill tasks',
  secret: 'keep secrets, which no answer shows',
  access: 'make entries for the file that says who may do what',
  node: 'look at the agents, and empty them',
  image: 'look at the images of agents, and bring some before they are needed',
  discovery: 'look at services in ZooKeeper, and at their rotation',
  backup: 'keep the state, and bring it back',
  route: 'see and change how apps are reached from outside',
  cert: 'look at the certificates of the edge',
};

const EXIT_CODES_HELP = `
Exit codes: 0 ok, 1 error or not well, 2 wrong usage or changes pending, 3 timeout, 4 denied, 130 Ctrl-C.
Where the platform is: --url, STADION_URL, the running platform of --data-dir, http://127.0.0.1:8080.`;

/**
 * Runs one command line.
 * @param words the arguments without program and script
 * @returns the exit code; nothing is thrown
 */
export async function runCli(words: readonly string[], ports: CliPorts): Promise<number> {
  let exitCode: ExitCode = EXIT.ok;
  const program = buildProgram(ports, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    // Only the parser itself runs outside of a command's own reporting.
    return reportError(new Session(ports, {}).printer, error);
  }
  return exitCode;
}

function buildProgram(ports: CliPorts, finish: (code: ExitCode) => void): Command {
  const program = prepare(new Command('stadion'), ports)
    .description('Run services and jobs on your own machines.')
    .usage('<command> [options]')
    .version(ports.version, '-V, --version', 'print the version of this command')
    .addHelpText('after', EXIT_CODES_HELP);
  for (const option of commonOptions()) program.addOption(option);
  const groups = new Map<string, Command>();
  for (const spec of commands) {
    const [first = '', second] = spec.path.split(' ');
    if (second === undefined) {
      const command = addCommand(program, first, spec, ports, finish);
      // A command may have others below it: `stadion dns` and `stadion dns query`.
      groups.set(first, command);
      continue;
    }
    let group = groups.get(first);
    if (group === undefined) {
      group = prepare(new Command(first), ports).description(GROUPS[first] ?? '');
      program.addCommand(group);
      groups.set(first, group);
    }
    addCommand(group, second, spec, ports, finish);
  }
  return program;
}

function addCommand(
  parent: Command,
  name: string,
  spec: CommandSpec,
  ports: CliPorts,
  finish: (code: ExitCode) => void,
): Command {
  const command = prepare(new Command(name), ports).description(spec.summary).summary(spec.summary);
  if (spec.arguments !== undefined) command.arguments(spec.arguments);
  for (const { flags, description } of spec.options ?? []) command.option(flags, description);
  for (const option of commonOptions()) command.addOption(option);
  if (spec.examples !== undefined) {
    command.addHelpText('after', `\nExamples:\n${spec.examples.map((example) => `  ${example}`).join('\n')}`);
  }
  command.action(async () => {
    const options = command.optsWithGlobals<CommonOptions & Record<string, unknown>>();
    const toYaml = options.output === 'yaml' ? (await import('./output/yaml.ts')).toYaml : undefined;
    const session = new Session(ports, options, toYaml);
    try {
      finish(await spec.run(new CommandCall(session, command.args, options)));
    } catch (error) {
      finish(reportError(session.printer, error));
    }
  });
  parent.addCommand(command, { hidden: name === COMPLETE });
  return command;
}

/** Every command gets them, so that they can stand anywhere on the line. */
function commonOptions(): Option[] {
  return [
    new Option('-o, --output <format>', `form of the answer: ${FORMATS.join(', ')}`).choices(FORMATS),
    new Option('-q, --quiet', 'only what was asked for: no remarks, no progress, lists as bare ids'),
    new Option('--url <url>', 'address of the orchestrator [STADION_URL]'),
    new Option(
      '--secret-file <file>',
      'secret of the cluster, or a token of yours, to reach it from elsewhere [STADION_SECRET_FILE]',
    ),
    new Option('--data-dir <dir>', 'data directory of the platform [STADION_DATA_DIR, default ./.stadion]'),
  ];
}

function commonFlags(): string[] {
  return commonOptions().map(({ flags }) => flags);
}

function prepare(command: Command, ports: CliPorts): Command {
  return command
    .exitOverride()
    .showSuggestionAfterError(true)
    .showHelpAfterError('(see --help)')
    .configureOutput({
      writeOut: (text) => ports.stdout.write(text),
      writeErr: (text) => ports.stderr.write(text),
      getOutHelpWidth: () => ports.stdout.columns,
      getErrHelpWidth: () => ports.stderr.columns,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
}
