/** `stadion secret list|set|delete`. Values come from a file or from standard input, never from the command line. */
import { EXIT } from '../exit-codes.ts';
import { limits } from '../limits.ts';
import type { CommandSpec } from './command.ts';

const ROOT = '/secrets/v1/secret/default/';
const VALUE_BYTES_MAX = 64 * 1024;

/** The commands. */
export const secretCommands: readonly CommandSpec[] = [
  {
    path: 'secret list',
    summary: 'list the names of the secrets; their values are shown nowhere',
    async run(call) {
      const body = await call.session.callJson('GET', `${ROOT}?list=true`);
      const names =
        typeof body === 'object' && body !== null && 'array' in body && Array.isArray(body.array) ? body.array : [];
      const paths = names.filter((name) => typeof name === 'string').sort();
      call.session.printer.answer(paths, () => paths, paths);
      return EXIT.ok;
    },
  },
  {
    path: 'secret set',
    arguments: '<path>',
    summary: 'keep a value, read from standard input or a file, under a path',
    options: [
      { flags: '--from-file <file>', description: 'read the value from there, as it is' },
      { flags: '--replace', description: 'change a secret that is there already' },
    ],
    examples: [
      'printf hunter2 | stadion secret set team/db/password',
      'stadion secret set tls/key --from-file key.pem',
    ],
    async run(call) {
      const { machine, printer } = call.session;
      const file = call.text('fromFile');
      const value =
        file === undefined ? await machine.readInput(VALUE_BYTES_MAX) : await machine.readFile(file, VALUE_BYTES_MAX);
      const method = call.isSet('replace') ? 'PATCH' : 'PUT';
      await call.session.callJson(method, `${ROOT}${encodePath(call.argument(0))}`, { value });
      printer.remark(`The secret ${call.argument(0)} is kept.`);
      return EXIT.ok;
    },
  },
  {
    path: 'secret delete',
    arguments: '<path>',
    summary: 'forget a secret; tasks that run keep what they have',
    async run(call) {
      await call.session.callJson('DELETE', `${ROOT}${encodePath(call.argument(0))}`);
      call.session.printer.remark(`The secret ${call.argument(0)} is gone.`);
      return EXIT.ok;
    },
  },
];

function encodePath(path: string): string {
  return path.slice(0, limits.secretBytes).split('/').map(encodeURIComponent).join('/');
}
