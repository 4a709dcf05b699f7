/** Images from a registry, by its HTTP API (OCI distribution-spec 1.0, Docker registry v2). */
import { Readable } from 'node:stream';
import { delay, describeError, type Timers } from '@stadion/base';
import type { Descriptor } from '../../../core/oci/image-manifest.ts';
import type { ImageReference } from '../../../core/oci/image-reference.ts';
import type { RegistryCredentials } from '../../registry-credentials.ts';
import { ImageFailure } from './image-failure.ts';
import { MANIFEST_BYTES_MAX, readBounded, type ImageSource } from './image-source.ts';
import { answerChallenge, isLoopback, parseChallenge } from './registry-auth.ts';

const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');
/** A request that fails in passing is repeated so often, after 0.5 s, then twice as long each time. */
const ATTEMPTS_MAX = 3;
const RETRY_MS_FIRST = 500;

/** One repository of a registry. */
export class RegistrySource implements ImageSource {
  private readonly base: string;
  private readonly version: string;
  private readonly scope: string;
  private readonly host: string;
  private readonly timers: Timers;
  private readonly credentials: RegistryCredentials | undefined;
  private authorization: string | undefined;

  constructor(
    reference: Extract<ImageReference, { kind: 'registry' }>,
    credentials: RegistryCredentials | undefined,
    timers: Timers,
  ) {
    const { host, repository, version } = reference;
    const scheme = isLoopback(host.replace(/:\d+$/, '')) ? 'http' : 'https';
    this.base = `${scheme}://${host}/v2/${repository}`;
    this.host = host;
    this.version = version;
    this.scope = `repository:${repository}:pull`;
    this.credentials = credentials;
    this.timers = timers;
  }

  async manifest(digest: string | undefined, signal: AbortSignal): Promise<Buffer> {
    const response = await this.get(`manifests/${digest ?? this.version}`, { accept: MANIFEST_TYPES }, signal);
    return readBounded(bodyOf(response), MANIFEST_BYTES_MAX);
  }

  async blob({ digest }: Descriptor, signal: AbortSignal): Promise<Readable> {
    return bodyOf(await this.get(`blobs/${digest}`, {}, signal));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private async get(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    let cause = '';
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      if (attempt > 0) await delay(this.timers, RETRY_MS_FIRST * 2 ** (attempt - 1));
      signal.throwIfAborted();
      try {
        const response = await this.ask(path, headers, signal);
        if (response.ok) return response;
        await response.body?.cancel();
        if (response.status === 404) throw new ImageFailure('image-not-found', `${this.base} has no ${path}`);
        if (response.status === 401 || response.status === 403) {
          throw new ImageFailure(
            'registry-denied',
            `${this.host} does not give it to this agent (status ${response.status})`,
          );
        }
        cause = `it answered with status ${response.status}`;
        // Too many requests and trouble inside pass; other refusals do not.
        if (response.status !== 429 && response.status < 500) break;
      } catch (error) {
        if (error instanceof ImageFailure || signal.aborted) throw error;
        cause = describeCause(error);
      }
    }
    throw new ImageFailure('registry-unreachable', `the registry ${this.host} could not be asked: ${cause}`);
  }

  private async ask(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    const url = `${this.base}/${path}`;
    const first = await fetch(url, { headers: this.withAuthorization(headers), signal });
    const header = first.status === 401 ? first.headers.get('www-authenticate') : null;
    const challenge = header === null ? undefined : parseChallenge(header);
    if (challenge === undefined) return first;
    await first.body?.cancel();
    this.authorization = await answerChallenge(challenge, this.scope, this.credentials, signal);
    return fetch(url, { headers: this.withAuthorization(headers), signal });
  }

  private withAuthorization(headers: Record<string, string>): Record<string, string> {
    return this.authorization === undefined ? headers : { ...headers, authorization: this.authorization };
  }
}

function bodyOf(response: Response): Readable {
  return response.body === null ? Readable.from([]) : Readable.fromWeb(response.body);
}

/** `fetch failed` says nothing; what is behind it does. */
function describeCause(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? describeError(error.cause) : describeError(error);
}
