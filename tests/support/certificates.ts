/** Certificates for tests, made by openssl. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A certificate for one name and its key, both PEM. */
export async function makeCertificate(name: string): Promise<{ readonly certificate: string; readonly key: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'stadion certificate '));
  const [keyPath, certificatePath] = [join(folder, 'key'), join(folder, 'crt')];
  try {
    await run('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '9'],
      ...['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-keyout', keyPath, '-out', certificatePath],
    ]);
    return { certificate: await readFile(certificatePath, 'utf8'), key: await readFile(keyPath, 'utf8') };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
