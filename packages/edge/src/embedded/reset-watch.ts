/** A client that resets streams as fast as it opens them makes work and waits for nothing: it is sent away. */
import { constants, type ServerHttp2Session } from 'node:http2';
import type { Timers } from '@stadion/base';
import { limits } from '../limits.ts';

/** Watches a session from its beginning. */
export function watchResets(session: ServerHttp2Session, timers: Timers): void {
  let resets = 0;
  session.on('stream', (stream) => {
    stream.once('close', () => {
      if (stream.rstCode !== constants.NGHTTP2_CANCEL) return;
      if (resets === 0) timers.after(SECOND_MS, () => (resets = 0));
      resets += 1;
      if (resets <= limits.resetsPerSecond || session.destroyed) return;
      session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    });
  });
}

const SECOND_MS = 1_000;
