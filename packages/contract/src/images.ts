/** Images on agents: which are there, and those that are brought before anybody starts from them. Stadion's own. */
import { Type, type Static } from '@sinclair/typebox';
import { stringEnum } from './string-enum.ts';

/** Longest name of an image. */
export const IMAGE_NAME_CHARACTERS_MAX = 1024;

/** The containerizers that keep images, the preferred one first. */
export const imageContainerizers = ['linux', 'docker'] as const;
export const ImageContainerizer = stringEnum(imageContainerizers);
export type ImageContainerizer = Static<typeof ImageContainerizer>;

/** An image that an agent has. */
export const HeldImage = Type.Object({
  containerizer: ImageContainerizer,
  /** The name that it was asked for with; with `docker` each tag is one. */
  name: Type.String(),
  /** Of its manifest, as far as that is known. */
  digest: Type.Optional(Type.String()),
  /** Of its layers: with `linux` packed, as they were downloaded; with `docker` unpacked. */
  bytes: Type.Optional(Type.Integer()),
  /** When it was brought or last used, in milliseconds since the Unix epoch. */
  usedAt: Type.Optional(Type.Number()),
});
export type HeldImage = Static<typeof HeldImage>;

/** An image that somebody wants to be there. */
export const ImagePullRequest = Type.Object({
  image: Type.String({ minLength: 1, maxLength: IMAGE_NAME_CHARACTERS_MAX }),
  /** Whose images it is to be among. Default: `linux` where that works, else `docker`. */
  containerizer: Type.Optional(ImageContainerizer),
  /** Ask the registry even when an image of this name is there. */
  force: Type.Optional(Type.Boolean()),
});
export type ImagePullRequest = Static<typeof ImagePullRequest>;

/** How far a pull that was asked for is. */
export const ImagePull = Type.Object({
  image: Type.String(),
  containerizer: ImageContainerizer,
  state: stringEnum(['PULLING', 'PULLED', 'FAILED']),
  /** How far it is, or why it failed; that begins with a name such as `image-not-found`. */
  message: Type.String(),
  /** Both in milliseconds since the Unix epoch. */
  startedAt: Type.Number(),
  endedAt: Type.Optional(Type.Number()),
});
export type ImagePull = Static<typeof ImagePull>;

/** What an agent has, and the pulls that were asked for lately, newest first. */
export const AgentImages = Type.Object({ images: Type.Array(HeldImage), pulls: Type.Array(ImagePull) });
export type AgentImages = Static<typeof AgentImages>;
