/** Input to the command of a running container, by the Engine's attach. */
import { Writable } from 'node:stream';
import type Docker from 'dockerode';
import type { AttachOutcome } from '../../ports/containerizer.ts';
import { NO_TERMINAL } from '../supervised/supervised-terminal.ts';
import { destroyStream } from './engine-stream.ts';
import { nameFailure } from './failures.ts';

/** @param dockerId the Engine's id of the container; undefined when it does not run */
export async function attachInput(docker: Docker, dockerId: string | undefined): Promise<AttachOutcome> {
  if (dockerId === undefined) return { ok: false, message: 'The container does not run' };
  const container = docker.getContainer(dockerId);
  try {
    const { Config } = await container.inspect();
    if (!Config.OpenStdin) return { ok: false, message: NO_TERMINAL };
    const stream = await container.attach({ stream: true, hijack: true, stdin: true, stdout: false, stderr: false });
    // A connection is a duplex stream, whatever the types say.
    const stdin = new Writable({
      write: (chunk: Uint8Array, _encoding, done) => {
        stream.write(chunk, () => done());
      },
      final: (done) => {
        stream.end(() => done());
      },
      destroy: (_error, done) => {
        destroyStream(stream);
        done(null);
      },
    });
    // Broken off with the container, or with its daemon.
    stream.on('error', () => stdin.destroy());
    stream.once('close', () => stdin.destroy());
    stream.resume();
    return {
      ok: true,
      input: {
        stdin,
        resize: ({ rows, columns }) => {
          // One that has just ended cannot be resized, and need not.
          container.resize({ h: rows, w: columns }).catch(() => undefined);
        },
      },
    };
  } catch (error) {
    return { ok: false, message: nameFailure(error, 'reaching the input of the container').message };
  }
}
