/** Names for what the Engine answers when something goes wrong: it has sentences only. */
import { describeError, errorCode } from '@stadion/base';

/** What an answer looks like, its name, and what to say about it. The first that fits counts. */
const KNOWN: readonly (readonly [pattern: RegExp, name: string, advice: string])[] = [
  [/no space left on device|disk quota exceeded/i, 'disk-full', 'The disk is full'],
  [
    /no matching manifest|exec format error|image operating system .* cannot be used|does not match the (specified|detected) (host )?platform/i,
    'image-wrong-architecture',
    'The image is not made for the processor of this machine',
  ],
  [
    /digest mismatch|verification failed|unexpected digest|digest .* does not match|hash mismatch|invalid checksum/i,
    'image-digest-mismatch',
    'What the registry sent is not what its digest promises',
  ],
  [
    /invalid reference format|invalid repository name|invalid tag format/i,
    'image-name-invalid',
    'The name of the image cannot be read',
  ],
  [
    /unauthorized|authentication required|no basic auth credentials|incorrect username or password|requested access to the resource is denied|401 Unauthorized|403 Forbidden/i,
    'registry-denied',
    'The registry does not give the image to this agent; credentials are taken from Docker’s config.json',
  ],
  [
    /manifest unknown|name unknown|no such image|repository .* not found|manifest for .* not found|not found: manifest|404 Not Found|HTTP 404/i,
    'image-not-found',
    'The image does not exist',
  ],
  [
    /port is already allocated|address already in use|failed to bind port|ports are not available/i,
    'port-taken',
    'Somebody else uses the port',
  ],
  [
    /bind source path does not exist|invalid mount config|invalid volume specification/i,
    'volume-path-missing',
    'A volume cannot be mounted',
  ],
  [
    /network .* not found|no such network/i,
    'network-not-found',
    'The network does not exist: docker network create makes it',
  ],
  [/no command specified/i, 'image-without-command', 'The image has no command of its own: give cmd or args'],
  [
    /executable file not found|no such file or directory.*exec|exec: .*no such file|stat .*no such file or directory|permission denied.*exec|exec: .*permission denied/i,
    'program-not-found',
    'The program is not in the image, or cannot be executed',
  ],
  [
    /connection refused|connection reset|i\/o timeout|no such host|TLS handshake|server misbehaving|unexpected EOF|context deadline exceeded|Client\.Timeout|temporary failure|50[0234] |: EOF|retryAfter|toomanyrequests|server gave HTTP response/i,
    'registry-unreachable',
    'The registry could not be asked',
  ],
];

/** Worth trying again in a moment. */
const PASSING = new Set(['registry-unreachable']);

/** A failure of Docker: its name for programs, its sentence for people. */
export interface DockerFailure {
  readonly name: string;
  readonly message: string;
  readonly isPassing: boolean;
}

/** Names a failure. @param during what was being done, e.g. `pulling the image "x"` */
export function nameFailure(error: unknown, during: string): DockerFailure {
  if (isDaemonAway(error)) {
    const message = `docker-unreachable: The Docker daemon cannot be reached while ${during}: ${describeError(error)}`;
    return { name: 'docker-unreachable', message, isPassing: true };
  }
  const text = messageOf(error);
  const known = KNOWN.find(([pattern]) => pattern.test(text));
  const name = known?.[1] ?? 'docker-failed';
  const advice = known?.[2] ?? 'Docker refused';
  return { name, message: `${name}: ${advice} (${during}: ${text})`, isPassing: PASSING.has(name) };
}

/** True when the daemon itself does not answer: nothing is known of its containers then. */
export function isDaemonAway(error: unknown): boolean {
  const code = errorCode(error) ?? '';
  return ['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE', 'EACCES', 'UND_ERR_SOCKET', 'ETIMEDOUT'].includes(code);
}

/** The status of the Engine's answer, or undefined when there was none. */
export function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
}

/** The Engine's own sentence, without what its client put around it. */
function messageOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'json' in error) {
    const { json } = error;
    if (typeof json === 'object' && json !== null && 'message' in json && typeof json.message === 'string') {
      return json.message.trim();
    }
  }
  return describeError(error)
    .replace(/^\(HTTP code \d+\) [^-]* - /, '')
    .trim();
}
