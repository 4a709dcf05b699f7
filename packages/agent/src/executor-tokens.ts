/** What custom executors show who they are with: JSON web tokens of the agent's own (RFC 7519, HS256), claims as in Mesos. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Whose a token is: framework, executor and container. */
export interface ExecutorClaims {
  readonly fid: string;
  readonly eid: string;
  readonly cid: string;
}

const HEADER = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'JWT' })).toString('base64url');

/** Makes one. It is worth something as long as the container runs. */
export function executorToken(key: string, { fid, eid, cid }: ExecutorClaims): string {
  const content = `${HEADER}.${Buffer.from(JSON.stringify({ fid, eid, cid })).toString('base64url')}`;
  return `${content}.${signature(key, content)}`;
}

/** Whether an `Authorization` header shows the token with these claims. */
export function showsToken(key: string, header: string | undefined, claims: ExecutorClaims): boolean {
  const shown = Buffer.from(/^Bearer +(\S+)$/i.exec(header ?? '')?.[1] ?? '');
  const wanted = Buffer.from(executorToken(key, claims));
  return shown.length === wanted.length && timingSafeEqual(shown, wanted);
}

function signature(key: string, content: string): string {
  return createHmac('sha256', key).update(content).digest('base64url');
}
