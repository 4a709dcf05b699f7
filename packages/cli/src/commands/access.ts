/** `stadion access password|token`: entries for the access file. Nothing is sent anywhere. */
import { SystemRandom } from '@stadion/base/system';
import { EXIT } from '../exit-codes.ts';
import { usageError } from '../report-error.ts';
import type { CommandSpec } from './command.ts';

const PASSWORD_BYTES_MAX = 1024;
const PASSWORD_CHARACTERS_MIN = 8;

/** The commands. */
export const accessCommands: readonly CommandSpec[] = [
  {
    path: 'access password',
    arguments: '<user> [grants...]',
    summary: "make a user's entry from a password that is read from standard input",
    examples: [`printf %s "$PASSWORD" | stadion access password ada '*:read' 'apps:write /team-a'`],
    async run(call) {
      const { machine, printer } = call.session;
      const { hashPassword } = await import('@stadion/access');
      const grants = await checkedGrants(call.arguments.slice(1));
      const password = (await machine.readInput(PASSWORD_BYTES_MAX)).replace(/\r?\n$/, '');
      if (password.length < PASSWORD_CHARACTERS_MIN) {
        throw usageError(`The password has to have ${String(PASSWORD_CHARACTERS_MIN)} characters at least.`);
      }
      const entry = { name: call.argument(0), password: await hashPassword(password, new SystemRandom()), grants };
      printer.answer(entry, () => [JSON.stringify(entry, undefined, 2)], [entry.name]);
      printer.remark('Add it to "users" in the access file.');
      return EXIT.ok;
    },
  },
  {
    path: 'access token',
    arguments: '<name> [grants...]',
    summary: 'make a token for a program, and its entry; the token is shown this once',
    examples: [`stadion access token ci 'apps:* /team-a'`],
    async run(call) {
      const { printer } = call.session;
      const grants = await checkedGrants(call.arguments.slice(1));
      const { makeToken } = await import('@stadion/access');
      const { token, sha256 } = makeToken(new SystemRandom());
      const entry = { name: call.argument(0), sha256, grants };
      printer.answer({ token, entry }, () => [token, '', JSON.stringify(entry, undefined, 2)], [token]);
      printer.remark('Add the entry to "tokens" in the access file, and give the token to the program.');
      return EXIT.ok;
    },
  },
];

/** Loaded only here: no other command needs what it stands on. */
async function checkedGrants(texts: readonly string[]): Promise<string[]> {
  const { readGrant } = await import('@stadion/access');
  for (const text of texts) {
    const grant = readGrant(text);
    if (typeof grant === 'string') throw usageError(`${grant}.`);
  }
  return [...texts];
}
