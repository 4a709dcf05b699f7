/** Manifests and configurations of images (OCI image-spec 1.0, Docker manifest v2 schema 2), as far as they are read. */
import { Type, type Static } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';

const DIGEST_PATTERN = '^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$';

/** A blob by its digest. */
export const Descriptor = Type.Object({
  mediaType: Type.Optional(Type.String()),
  digest: Type.String({ pattern: DIGEST_PATTERN }),
  size: Type.Integer({ minimum: 0 }),
});
export type Descriptor = Static<typeof Descriptor>;

const Manifest = Type.Object({ config: Descriptor, layers: Type.Array(Descriptor) });
/** An image for one platform. */
export type Manifest = Static<typeof Manifest>;

const Index = Type.Object({
  manifests: Type.Array(
    Type.Intersect([
      Descriptor,
      Type.Object({
        platform: Type.Optional(Type.Object({ architecture: Type.String(), os: Type.String() })),
        annotations: Type.Optional(Type.Record(Type.String(), Type.String())),
      }),
    ]),
  ),
});
export type Index = Static<typeof Index>;

const ImageConfig = Type.Object({
  architecture: Type.Optional(Type.String()),
  os: Type.Optional(Type.String()),
  rootfs: Type.Object({ diff_ids: Type.Array(Type.String({ pattern: DIGEST_PATTERN })) }),
  config: Type.Optional(
    Type.Object({
      User: Type.Optional(Type.String()),
      Env: Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()])),
      Entrypoint: Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()])),
      Cmd: Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()])),
      WorkingDir: Type.Optional(Type.String()),
      StopSignal: Type.Optional(Type.String()),
    }),
  ),
});
/** What an image says of itself. */
export type ImageConfig = Static<typeof ImageConfig>;

/** What a registry or layout answered under a name. */
export type ManifestOrIndex =
  | { readonly kind: 'manifest'; readonly manifest: Manifest }
  | { readonly kind: 'index'; readonly index: Index }
  | { readonly kind: 'unknown'; readonly problem: string };

/** Reads either kind from its JSON. */
export function readManifest(value: unknown): ManifestOrIndex {
  if (Value.Check(Manifest, value)) return { kind: 'manifest', manifest: value };
  if (Value.Check(Index, value)) return { kind: 'index', index: value };
  const isOld = typeof value === 'object' && value !== null && 'schemaVersion' in value && value.schemaVersion === 1;
  return {
    kind: 'unknown',
    problem: isOld ? 'it is of schema 1, which nobody makes any more' : 'it is no image manifest',
  };
}

/** Reads the configuration; undefined when it is none. */
export function readImageConfig(value: unknown): ImageConfig | undefined {
  return Value.Check(ImageConfig, value) ? value : undefined;
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };

/** The name of an architecture in images. @param nodeName as Node has it (`process.arch`) */
export function imageArchitecture(nodeName: string): string {
  return ARCHITECTURES[nodeName] ?? nodeName;
}

/**
 * Picks the image for Linux on this architecture; one without a platform fits if it is the only one.
 * @returns the descriptor, or the platforms that there are
 */
export function choosePlatform(
  index: Index,
  architecture: string,
):
  | { readonly ok: true; readonly descriptor: Descriptor }
  | { readonly ok: false; readonly available: readonly string[] } {
  const exact = index.manifests.find(
    ({ platform }) => platform?.os === 'linux' && platform.architecture === architecture,
  );
  const [only] = index.manifests;
  const chosen = exact ?? (index.manifests.length === 1 && only?.platform === undefined ? only : undefined);
  if (chosen !== undefined) return { ok: true, descriptor: chosen };
  const available = index.manifests.map(({ platform }) => `${platform?.os ?? '?'}/${platform?.architecture ?? '?'}`);
  return { ok: false, available };
}
