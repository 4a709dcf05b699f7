/** Images made in memory, good and bad ones, for tests. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execFileSync } from 'node:child_process';

const BLOCK = 512;

/** One entry of a tar file, as raw as its maker wants it. */
export interface TarEntry {
  readonly name: string;
  /** `0` a file, `1` a hard link, `2` a symbolic link, `3` a device, `5` a directory. Default `0`. */
  readonly type?: '0' | '1' | '2' | '3' | '5';
  readonly content?: Buffer | string;
  readonly target?: string;
  readonly mode?: number;
  readonly uid?: number;
}

/** An image: its blobs by digest, its manifest among them. */
export interface MadeImage {
  readonly digest: string;
  readonly blobs: ReadonlyMap<string, Buffer>;
}

/** How an image is made. */
export interface ImagePlan {
  readonly layers: readonly (readonly TarEntry[])[];
  /** The member `config` of its configuration. */
  readonly config?: object;
  readonly architecture?: string;
  readonly packing?: 'gzip' | 'zstd' | 'none';
}

/** A tar file (POSIX.1-1988 ustar), headers unchecked. */
export function tarOf(entries: readonly TarEntry[]): Buffer {
  const parts = entries.flatMap((entry) => {
    const content = Buffer.from(entry.content ?? '');
    const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
    return [headerOf(entry, content.length), content, padding];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

/** The static busybox of this machine with links for some of its names. */
export function busyboxLayer(): readonly TarEntry[] {
  const names = [
    'sh',
    'cat',
    'echo',
    'sleep',
    'ls',
    'id',
    'touch',
    'env',
    'pwd',
    'nc',
    'wget',
    'ip',
    'true',
    'head',
    'hostname',
  ];
  return [
    { name: 'bin/', type: '5', mode: 0o755 },
    { name: 'bin/busybox', content: readFileSync('/bin/busybox'), mode: 0o755 },
    ...names.map((name): TarEntry => ({ name: `bin/${name}`, type: '2', target: 'busybox' })),
    { name: 'etc/', type: '5', mode: 0o755 },
    { name: 'etc/passwd', content: 'root:x:0:0:root:/root:/bin/sh\nweb:x:33:33:web:/srv:/bin/sh\n' },
    { name: 'etc/group', content: 'root:x:0:\nweb:x:33:\n' },
    { name: 'tmp/', type: '5', mode: 0o1777 },
  ];
}

/** Makes it. */
export function makeImage(plan: ImagePlan): MadeImage {
  const blobs = new Map<string, Buffer>();
  const add = (bytes: Buffer) => {
    const digest = sha256(bytes);
    blobs.set(digest, bytes);
    return { digest, size: bytes.length };
  };
  const tars = plan.layers.map(tarOf);
  const layers = tars.map((bytes) => ({
    mediaType: 'application/vnd.oci.image.layer.v1.tar',
    ...add(pack(bytes, plan)),
  }));
  const config = {
    architecture: plan.architecture ?? (process.arch === 'x64' ? 'amd64' : process.arch),
    os: 'linux',
    config: plan.config ?? {},
    rootfs: { type: 'layers', diff_ids: tars.map(sha256) },
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...add(Buffer.from(JSON.stringify(config))) },
    layers,
  };
  return { digest: add(Buffer.from(JSON.stringify(manifest))).digest, blobs };
}

/** Writes it as a directory in OCI layout. */
export async function writeLayout(image: MadeImage, directory: string, tag: string): Promise<void> {
  await mkdir(join(directory, 'blobs', 'sha256'), { recursive: true });
  for (const [digest, bytes] of image.blobs) {
    await writeFile(join(directory, 'blobs', 'sha256', digest.slice(7)), bytes);
  }
  await writeFile(join(directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  const size = image.blobs.get(image.digest)?.length ?? 0;
  const annotations = { 'org.opencontainers.image.ref.name': tag };
  const index = { schemaVersion: 2, manifests: [{ digest: image.digest, size, annotations }] };
  await writeFile(join(directory, 'index.json'), JSON.stringify(index));
}

/** What `docker save` of older versions writes, for an image with unpacked layers. */
export function savedArchive(image: MadeImage, tag: string): Buffer {
  const manifest = JSON.parse(image.blobs.get(image.digest)?.toString() ?? '{}') as {
    config: { digest: string };
    layers: { digest: string }[];
  };
  const file = (digest: string, name: string): TarEntry => ({ name, content: image.blobs.get(digest) ?? '' });
  const layers = manifest.layers.map(({ digest }, index) => file(digest, `${index}/layer.tar`));
  const list = [{ Config: 'config.json', RepoTags: [tag], Layers: layers.map(({ name }) => name) }];
  return tarOf([
    file(manifest.config.digest, 'config.json'),
    ...layers.flatMap((layer, index): TarEntry[] => [{ name: `${index}/`, type: '5' }, layer]),
    { name: 'manifest.json', content: JSON.stringify(list) },
  ]);
}

/** `sha256:…` of bytes. */
export function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function pack(bytes: Buffer, { packing = 'gzip' }: ImagePlan): Buffer {
  if (packing === 'none') return bytes;
  return packing === 'gzip' ? gzipSync(bytes) : execFileSync('zstd', ['-cq'], { input: bytes, maxBuffer: 1 << 28 });
}

function headerOf(entry: TarEntry, size: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;
  header.write(entry.name, 0, 100);
  header.write(octal(entry.mode ?? 0o644, 7), 100);
  header.write(octal(entry.uid ?? 0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(size, 11), 124);
  header.write(octal(0, 11), 136);
  header.write('        ', 148);
  header.write(entry.type ?? '0', 156);
  header.write(entry.target ?? '', 157, 100);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}
