/** Names of images as people write them, and where each is to be had. */

/** A place in a registry, a directory in OCI layout, or an archive. */
export type ImageReference =
  | {
      readonly kind: 'registry';
      /** Host and port, e.g. `registry-1.docker.io`. */
      readonly host: string;
      readonly repository: string;
      /** A tag, or a digest such as `sha256:…`. */
      readonly version: string;
    }
  | { readonly kind: 'layout'; readonly path: string; readonly tag: string | undefined }
  | { readonly kind: 'archive'; readonly path: string; readonly tag: string | undefined };

/** A reference, or a sentence about what is wrong with the name. */
export type ParsedReference =
  { readonly ok: true; readonly reference: ImageReference } | { readonly ok: false; readonly problem: string };

const DOCKER_HUB = 'docker.io';
const DOCKER_HUB_HOST = 'registry-1.docker.io';
const NAME_CHARACTERS_MAX = 1024;
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})$/;
const HOST = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?$/;

/**
 * Reads `nginx`, `host:5000/team/app:1.2`, `app@sha256:…` (the rules of Docker), `oci:/path/of/layout:tag` and
 * `docker-archive:/path/of/file.tar:tag` (the transports of skopeo).
 */
export function parseImageReference(name: string): ParsedReference {
  if (name.length > NAME_CHARACTERS_MAX) return invalid('it is too long');
  for (const [prefix, kind] of [
    ['oci:', 'layout'],
    ['docker-archive:', 'archive'],
    ['oci-archive:', 'archive'],
  ] as const) {
    if (name.startsWith(prefix)) return localReference(kind, name.slice(prefix.length));
  }
  const { rest, digest } = splitDigest(name);
  const { path, tag } = splitTag(rest);
  const [first = '', ...others] = path.split('/');
  const hasHost = others.length > 0 && (first.includes('.') || first.includes(':') || first === 'localhost');
  const host = hasHost ? first : DOCKER_HUB;
  const below = hasHost ? others.join('/') : path;
  const isHub = host === DOCKER_HUB || host === 'index.docker.io';
  const repository = isHub && !below.includes('/') ? `library/${below}` : below;
  if (!HOST.test(host)) return invalid(`"${host}" is no host`);
  if (!REPOSITORY.test(repository)) {
    return invalid(`"${below}" may only have small letters, digits, and . _ - between them`);
  }
  if (tag !== undefined && !TAG.test(tag)) return invalid(`"${tag}" is no tag`);
  if (digest !== undefined && !DIGEST.test(digest)) return invalid(`"${digest}" is no digest`);
  const version = digest ?? tag ?? 'latest';
  return { ok: true, reference: { kind: 'registry', host: isHub ? DOCKER_HUB_HOST : host, repository, version } };
}

/** Whether the name says exactly which image is meant, so that it never has to be asked for again. */
export function isPinned(reference: ImageReference): boolean {
  return reference.kind === 'registry' && DIGEST.test(reference.version);
}

function localReference(kind: 'layout' | 'archive', text: string): ParsedReference {
  const { path, tag } = splitTag(text);
  if (!path.startsWith('/')) return invalid('the path of a local image begins with /');
  return { ok: true, reference: { kind, path, tag } };
}

function splitDigest(text: string): { readonly rest: string; readonly digest: string | undefined } {
  const at = text.indexOf('@');
  return at === -1 ? { rest: text, digest: undefined } : { rest: text.slice(0, at), digest: text.slice(at + 1) };
}

/** A colon after the last slash; one before it belongs to a port. */
function splitTag(text: string): { readonly path: string; readonly tag: string | undefined } {
  const colon = text.lastIndexOf(':');
  return colon > text.lastIndexOf('/')
    ? { path: text.slice(0, colon), tag: text.slice(colon + 1) }
    : { path: text, tag: undefined };
}

function invalid(problem: string): ParsedReference {
  return { ok: false, problem };
}
