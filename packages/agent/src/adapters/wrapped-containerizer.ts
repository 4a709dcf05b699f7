/** Containerizers around another one. */
import type { Containerizer } from '../ports/containerizer.ts';

/** One that does some things its own way and passes all else on. What the inner one cannot do is missing here as well. */
export function wrapContainerizer(inner: Containerizer, own: Partial<Containerizer>): Containerizer {
  return {
    name: inner.name,
    fingerprint: () => inner.fingerprint(),
    recover: (onExit) => inner.recover(onExit),
    launch: (spec) => inner.launch(spec),
    kill: (containerId, graceMs) => inner.kill(containerId, graceMs),
    usage: () => inner.usage(),
    remove: (containerId) => inner.remove(containerId),
    close: () => inner.close(),
    ...(inner.prepare && { prepare: inner.prepare.bind(inner) }),
    ...(inner.images && { images: inner.images.bind(inner) }),
    ...(inner.pruneImages && { pruneImages: inner.pruneImages.bind(inner) }),
    ...(inner.update && { update: inner.update.bind(inner) }),
    ...(inner.writtenDirectories && { writtenDirectories: inner.writtenDirectories.bind(inner) }),
    ...(inner.exec && { exec: inner.exec.bind(inner) }),
    ...(inner.attach && { attach: inner.attach.bind(inner) }),
    ...own,
  };
}
