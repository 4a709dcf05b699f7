/** Why an image cannot be had, by names that programs can tell apart; the docker containerizer has the same ones. */
import { describeError, errorCode, PlatformError } from '@stadion/base';

/** The names. */
export type ImageFailureName =
  | 'disk-full'
  | 'image-name-invalid'
  | 'image-not-found'
  | 'image-wrong-architecture'
  | 'image-digest-mismatch'
  | 'image-refused'
  | 'registry-denied'
  | 'registry-unreachable';

/** A failure; its message for a task's status begins with its name. */
export class ImageFailure extends PlatformError {
  readonly failure: ImageFailureName;

  constructor(failure: ImageFailureName, message: string, options?: ErrorOptions) {
    super(failure, message, options);
    this.failure = failure;
  }
}

/** The sentence for a task's status. */
export function describeImageFailure(error: unknown, image: string): string {
  if (error instanceof ImageFailure) return `${error.failure}: the image "${image}": ${error.message}`;
  if (errorCode(error) === 'ENOSPC') return `disk-full: the image "${image}": there is no room for it on the disk`;
  return `image-refused: the image "${image}": ${describeError(error)}`;
}
