/** Upgrades pass the same door as requests. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { describeError } from '@stadion/base';
import type { Admission, Refused } from './admission.ts';
import { refuseUpgrade } from './agent-link/http-acceptor.ts';
import type { ApiName } from './core/required-permissions.ts';
import { judge, judgeBody } from './permission.ts';

/** Goes on with an upgrade that is permitted, at once where nobody has to be known; answers one that is not. */
export function whenPermitted(
  request: IncomingMessage,
  socket: Duplex,
  admission: Admission,
  api: ApiName,
  proceed: () => void,
): void {
  if (admission.access === undefined) {
    proceed();
    return;
  }
  socket.on('error', () => undefined);
  upgradeRefusal(request, admission, api).then(
    (refused) => {
      if (socket.destroyed) return;
      if (refused === undefined) proceed();
      else refuseUpgrade(socket, refused.status, refused.message, refused.headers);
    },
    (error: unknown) => {
      refuseUpgrade(socket, 500, `It could not be found out who sends this: ${describeError(error)}`);
    },
  );
}

/** Why an upgrade is not permitted, if it is not. */
export async function upgradeRefusal(
  request: IncomingMessage,
  admission: Admission,
  api: ApiName,
): Promise<Refused | undefined> {
  const verdict = await judge(request, admission, api);
  if (verdict === undefined) return undefined;
  if ('refused' in verdict) return verdict.refused;
  return verdict.isDecided ? undefined : judgeBody(request, verdict, undefined);
}
