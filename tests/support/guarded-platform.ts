/** A platform whose callers are known by name, and requests that they send. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunningPlatform } from './running-platform.ts';

const EDGE_PORTS = ['http', 'https', 'admin'].flatMap((name) => [`--edge-${name}-port`, '0']);

/**
 * Starts one, with an edge, for callers with these grants.
 * @param grants by name; the token of each is `secret-of-NAME`
 * @returns the platform, and what ends it
 */
export async function startGuarded(
  grants: Readonly<Record<string, readonly string[]>>,
): Promise<{ readonly platform: RunningPlatform; readonly dispose: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'stadion-access-'));
  const tokens = Object.entries(grants).map(([name, granted]) => ({
    name,
    sha256: createHash('sha256').update(`secret-of-${name}`).digest('hex'),
    grants: granted,
  }));
  const path = join(folder, 'access.json');
  await writeFile(path, JSON.stringify({ tokens }), { mode: 0o600 });
  const platform = await RunningPlatform.start(['--access-file', path, '--edge', 'embedded', ...EDGE_PORTS]);
  return {
    platform,
    dispose: async () => {
      await platform.dispose();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Sends a request as somebody. @param who its name; undefined: nobody says who */
export function ask(
  url: string,
  method = 'GET',
  who?: string,
  body?: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; text: string; type: string }> {
  const authorization = who === undefined ? {} : { authorization: `Bearer secret-of-${who}` };
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const outgoing = request(url, { method, headers: { ...authorization, ...length, ...headers } }, (response) => {
      const done = (text: string): void => {
        response.destroy();
        resolve({ status: response.statusCode ?? 0, text, type: response.headers['content-type'] ?? '' });
      };
      // Streams do not end.
      if (/event-stream|x-ndjson/.test(response.headers['content-type'] ?? '')) {
        done('');
        return;
      }
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => done(text));
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
