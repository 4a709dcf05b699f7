/** HAProxy's runtime API: commands over a socket, each answered. */
import { connect } from 'node:net';

/** A line of the runtime API may be as long as a buffer of HAProxy; batches stay below. */
const BATCH_CHARACTERS = 8_000;

/**
 * Gives commands in order.
 * @returns what was said to each batch, empty lines left out
 * @throws the system's error when nobody listens
 */
export async function command(path: string, commands: readonly string[]): Promise<readonly string[]> {
  const said: string[] = [];
  let batch: string[] = [];
  let length = 0;
  for (const text of [...commands, undefined]) {
    if (text === undefined || length + text.length > BATCH_CHARACTERS) {
      if (batch.length > 0) said.push(...(await ask(path, batch.join(';'))).split('\n'));
      batch = [];
      length = 0;
    }
    if (text !== undefined) {
      batch.push(text);
      length += text.length + 1;
    }
  }
  return said.map((line) => line.trim()).filter((line) => line !== '');
}

/** Asks one thing. */
export function ask(path: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('error', reject);
    socket.once('close', () => resolve(Buffer.concat(chunks).toString('utf8')));
    socket.once('connect', () => socket.write(`${text}\n`));
  });
}
