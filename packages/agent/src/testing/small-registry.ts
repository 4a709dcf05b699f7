/** A registry of one process for tests: what is put into it, over plain HTTP, and on request with all that goes wrong. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MadeImage } from './image-maker.ts';

/** How it misbehaves. */
export interface RegistryMood {
  /** Only who shows a token for these gets anything. */
  readonly credentials?: { readonly username: string; readonly password: string };
  /** So many blobs break off half-way before they come whole. */
  readonly breakOff?: number;
  /** So many requests are answered with 503 first. */
  readonly unavailable?: number;
  /** Large blobs stop half-way until {@link SmallRegistry.goOn}. */
  readonly hold?: boolean;
  /** Blobs come with one bit turned over. */
  readonly corrupt?: boolean;
}

const HELD_BYTES_MIN = 100_000;

/** See above. */
export class SmallRegistry {
  /** What was asked for, e.g. `GET /v2/app/blobs/sha256:…`. */
  readonly requests: string[] = [];
  private readonly server: Server;
  private readonly manifests = new Map<string, Buffer>();
  private readonly blobs = new Map<string, Buffer>();
  private readonly held: (() => void)[] = [];
  private isHolding: boolean;
  private mood: { credentials?: RegistryMood['credentials']; breakOff: number; unavailable: number; corrupt: boolean };

  private constructor(mood: RegistryMood) {
    this.mood = { breakOff: 0, unavailable: 0, corrupt: false, ...mood };
    this.isHolding = mood.hold ?? false;
    this.server = createServer((request, response) => this.answer(request, response));
  }

  /** Lets go of what it holds. */
  goOn(): void {
    this.isHolding = false;
    for (const rest of this.held.splice(0)) rest();
  }

  static async start(mood: RegistryMood = {}): Promise<SmallRegistry> {
    const registry = new SmallRegistry(mood);
    await new Promise<void>((resolve) => registry.server.listen(0, '127.0.0.1', resolve));
    return registry;
  }

  /** Host and port. */
  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Puts an image in, and gives its name. */
  put(repository: string, tag: string, image: MadeImage): string {
    for (const [digest, bytes] of image.blobs) this.blobs.set(digest, bytes);
    const manifest = image.blobs.get(image.digest) ?? Buffer.alloc(0);
    for (const version of [tag, image.digest]) this.manifests.set(`${repository}/${version}`, manifest);
    return `${this.host}/${repository}:${tag}`;
  }

  /** Puts an index in that names images by platform. */
  putIndex(repository: string, tag: string, images: readonly { architecture: string; image: MadeImage }[]): string {
    const manifests = images.map(({ architecture, image }) => {
      this.put(repository, image.digest, image);
      const size = image.blobs.get(image.digest)?.length ?? 0;
      return { digest: image.digest, size, platform: { os: 'linux', architecture } };
    });
    const mediaType = 'application/vnd.oci.image.index.v1+json';
    const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
    // Docker asks for it by its digest, once it has seen that.
    for (const version of [tag, digestOf(index)]) this.manifests.set(`${repository}/${version}`, index);
    return `${this.host}/${repository}:${tag}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const path = new URL(request.url ?? '/', 'http://registry').pathname;
    this.requests.push(`${request.method ?? ''} ${path}`);
    if (this.mood.unavailable > 0) {
      this.mood.unavailable -= 1;
      response.writeHead(503).end();
      return;
    }
    if (path === '/token') {
      this.giveToken(request, response);
      return;
    }
    if (this.mood.credentials !== undefined && request.headers.authorization !== 'Bearer let-in') {
      const realm = `Bearer realm="http://${this.host}/token",service="small",scope="repository:app:pull"`;
      response.writeHead(401, { 'www-authenticate': realm }).end();
      return;
    }
    const [, repository = '', kind, version = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(path) ?? [];
    const bytes = kind === 'blobs' ? this.blobs.get(version) : this.manifests.get(`${repository}/${version}`);
    // Docker asks first whether this is a registry at all.
    if (path === '/v2/') response.writeHead(200).end('{}');
    else if (bytes === undefined) response.writeHead(404).end('{}');
    else if (kind === 'blobs') this.giveBlob(bytes, response);
    else response.writeHead(200, headersOf(bytes)).end(bytes);
  }

  private giveToken(request: IncomingMessage, response: ServerResponse): void {
    const { username = '', password = '' } = this.mood.credentials ?? {};
    const wanted = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    if (request.headers.authorization === wanted) response.end(JSON.stringify({ token: 'let-in' }));
    else response.writeHead(401).end();
  }

  private giveBlob(bytes: Buffer, response: ServerResponse): void {
    response.writeHead(200, { 'content-length': bytes.length });
    if (this.mood.breakOff > 0) {
      this.mood.breakOff -= 1;
      response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy());
      return;
    }
    const sent = Buffer.from(bytes);
    if (this.isHolding && sent.length > HELD_BYTES_MIN) {
      const half = Math.floor(sent.length / 2);
      response.write(sent.subarray(0, half));
      this.held.push(() => response.end(sent.subarray(half)));
      return;
    }
    if (this.mood.corrupt) sent[sent.length - 1] = (sent[sent.length - 1] ?? 0) ^ 1;
    response.end(sent);
  }
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** What a manifest is, which clients go by before they read it. */
function headersOf(manifest: Buffer): Record<string, string | number> {
  const { mediaType = 'application/vnd.oci.image.index.v1+json' } = JSON.parse(manifest.toString()) as {
    mediaType?: string;
  };
  const digest = digestOf(manifest);
  return { 'content-type': mediaType, 'content-length': manifest.length, 'docker-content-digest': digest };
}
