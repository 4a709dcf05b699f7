/** `stadion completion`, and the hidden `__complete` that the shells' scripts call. */
import { complete, matching } from '../core/completion.ts';
import { SHELLS, completionScript } from '../core/completion-scripts.ts';
import { isUnsafe } from '../core/safe-text.ts';
import { instanceLabel } from '../core/task-names.ts';
import { EXIT } from '../exit-codes.ts';
import { limits } from '../limits.ts';
import type { Session } from '../platform/session.ts';
import { usageError } from '../report-error.ts';
import type { CommandSpec } from './command.ts';

/** The hidden command's word. */
export const COMPLETE = '__complete';

/** The commands. @param all the whole table, asked for when it is complete */
export function completionCommands(
  all: () => readonly CommandSpec[],
  commonFlags: readonly string[],
): readonly CommandSpec[] {
  return [
    {
      path: 'completion',
      arguments: `<${SHELLS.join('|')}>`,
      summary: 'print a script that completes commands, flags and live names in your shell',
      examples: ['source <(stadion completion bash)', 'stadion completion fish | source'],
      async run(call) {
        const written = call.argument(0);
        const shell = SHELLS.find((name) => name === written);
        if (shell === undefined) {
          throw usageError(`There is no completion for '${written}', only for ${SHELLS.join(', ')}.`);
        }
        call.session.ports.stdout.write(completionScript(shell));
        return EXIT.ok;
      },
    },
    {
      path: COMPLETE,
      arguments: '[words...]',
      summary: 'print the words that can come next',
      async run(call) {
        const commands = all()
          .filter(({ path }) => path !== COMPLETE)
          .map(({ path, options = [], completes }) => ({ path, flags: options.map(({ flags }) => flags), completes }));
        const completion = complete(commands, commonFlags, call.arguments);
        const words =
          completion.kind === 'words'
            ? completion.words
            : matching(await liveNames(call.session, completion.of), completion.prefix);
        // A name that could control the terminal is better typed by hand.
        const safe = words.filter((word) => !isUnsafe(word)).slice(0, limits.completions);
        call.session.ports.stdout.write(safe.map((word) => `${word}\n`).join(''));
        return EXIT.ok;
      },
    },
  ];
}

/** Names of what there is. Nothing is offered when the platform does not answer. */
async function liveNames(session: Session, kind: string): Promise<string[]> {
  try {
    const client = await session.orchestrator();
    const kinds = kind.split('-or-');
    const names: string[] = [];
    if (kinds.includes('app')) names.push(...(await client.listApps()).apps.map(({ id }) => id));
    if (kinds.includes('pod')) names.push(...(await client.listPods()).map(({ id }) => id));
    if (kinds.includes('task')) names.push(...(await client.listTasks()).tasks.map(({ id }) => instanceLabel(id)));
    if (kinds.includes('deployment')) names.push(...(await client.listDeployments()).map(({ id }) => id));
    if (kinds.includes('node')) {
      const { slaves } = await (await session.master()).slaves();
      names.push(...slaves.map(({ hostname }) => hostname));
    }
    return [...new Set(names)];
  } catch {
    return [];
  }
}
