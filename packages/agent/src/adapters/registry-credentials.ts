/** Credentials for registries, where `docker login` and Mesos's users leave them. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Name and password for a registry, and the key under which they were found. */
export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
  readonly serveraddress: string;
}

/** The registry of names without a host, and the key under which `docker login` keeps its credentials. */
const DOCKER_HUB = 'docker.io';
const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';
const HELPER_MS_MAX = 10_000;

/** The host of the registry that an image comes from, by Docker's own rule. */
export function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/');
  const isHost = rest.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost');
  return isHost ? first : DOCKER_HUB;
}

/**
 * What to show the registry of this image: from what the task itself gives, else from `.docker/config.json` or
 * `.dockercfg` in the sandbox (which artifacts bring), else from the agent's own `$DOCKER_CONFIG/config.json`. Undefined:
 * nothing is known of it.
 * @param given a `config.json` as text
 * @param sandbox undefined when the image is for no task yet
 */
export async function findCredentials(
  image: string,
  sandbox: string | undefined,
  given?: string,
): Promise<RegistryCredentials | undefined> {
  const registry = registryOf(image);
  const named = given === undefined ? undefined : await fromConfig(parse(given), registry, false);
  if (named !== undefined) return named;
  const own = process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
  const brought = sandbox === undefined ? [] : [join(sandbox, '.docker', 'config.json'), join(sandbox, '.dockercfg')];
  for (const place of [...brought, join(own, 'config.json')]) {
    // Only the agent's own file may name a program to run.
    const found = await fromFile(place, registry, place.startsWith(own));
    if (found !== undefined) return found;
  }
  return undefined;
}

async function fromFile(path: string, registry: string, mayRun: boolean): Promise<RegistryCredentials | undefined> {
  return fromConfig(await readJson(path), registry, mayRun);
}

async function fromConfig(value: unknown, registry: string, mayRun: boolean): Promise<RegistryCredentials | undefined> {
  const config = asRecord(value);
  if (config === undefined) return undefined;
  const keys = registry === DOCKER_HUB ? [DOCKER_HUB_KEY, 'index.docker.io', DOCKER_HUB] : [registry];
  const helpers = asRecord(config['credHelpers']);
  for (const key of mayRun ? keys : []) {
    const helper = helpers?.[key] ?? config['credsStore'];
    const found = typeof helper === 'string' ? await askHelper(helper, key) : undefined;
    if (found !== undefined) return { ...found, serveraddress: key };
  }
  // A .dockercfg is what `auths` holds in a config.json.
  const auths = asRecord(config['auths']) ?? config;
  for (const [key, value] of Object.entries(auths)) {
    const host = key.replace(/^https?:\/\//, '').replace(/\/(v[12]\/?)?$/, '');
    if (keys.includes(key) || keys.includes(host)) return fromEntry(asRecord(value), key);
  }
  return undefined;
}

function fromEntry(entry: Record<string, unknown> | undefined, serveraddress: string): RegistryCredentials | undefined {
  const { auth, username, password } = entry ?? {};
  if (typeof username === 'string' && typeof password === 'string') return { username, password, serveraddress };
  if (typeof auth !== 'string') return undefined;
  const text = Buffer.from(auth, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1) return undefined;
  return { username: text.slice(0, colon), password: text.slice(colon + 1), serveraddress };
}

/** The protocol of `docker-credential-*`: the registry on stdin, JSON on stdout. */
function askHelper(name: string, registry: string): Promise<{ username: string; password: string } | undefined> {
  if (!/^[A-Za-z0-9._-]+$/.test(name)) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const child = spawn(`docker-credential-${name}`, ['get'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: HELPER_MS_MAX,
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', () => resolve(undefined));
    child.stdin.once('error', () => undefined);
    child.once('close', () => {
      const answer = asRecord(parse(output));
      const { Username: username, Secret: password } = answer ?? {};
      resolve(typeof username === 'string' && typeof password === 'string' ? { username, password } : undefined);
    });
    child.stdin.end(registry);
  });
}

async function readJson(path: string): Promise<unknown> {
  return parse(await readFile(path, 'utf8').catch(() => ''));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}
