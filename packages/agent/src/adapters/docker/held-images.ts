/** The images of a Docker daemon, by their tags. */
import type { HeldImage } from '@stadion/contract/images';
import type Docker from 'dockerode';
import { IMAGES_SHOWN_MAX } from '../../limits.ts';

/** Those without a tag are left out: nobody can start from them by name. @throws when the daemon does not answer */
export async function listHeldImages(docker: Docker | undefined): Promise<readonly HeldImage[]> {
  const images = (await docker?.listImages()) ?? [];
  return images
    .flatMap(({ RepoTags, RepoDigests, Id, Size }) =>
      (RepoTags ?? [])
        .filter((name) => !name.startsWith('<none>'))
        .map((name): HeldImage => ({ containerizer: 'docker', name, digest: digestOf(RepoDigests, Id), bytes: Size })),
    )
    .slice(0, IMAGES_SHOWN_MAX);
}

/** What was never at a registry has but the digest of its configuration. */
function digestOf(digests: readonly string[] | undefined, id: string): string {
  return digests?.[0]?.split('@')[1] ?? id;
}
