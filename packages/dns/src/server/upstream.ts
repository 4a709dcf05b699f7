/** One question to one other name server, over UDP or TCP. */
import { Buffer } from 'node:buffer';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { PlatformError, type Timers } from '@stadion/base';
import { limits } from '../limits.ts';

/** Another name server. */
export interface Upstream {
  readonly address: string;
  readonly port: number;
}

/**
 * Asks over UDP, from a port that the system picks at random.
 * @returns the answer: right sender, right id, right question
 */
export function askOverUdp(upstream: Upstream, question: Buffer, timers: Timers): Promise<Buffer> {
  const socket = createSocket(upstream.address.includes(':') ? 'udp6' : 'udp4');
  return withDeadline(
    timers,
    () => socket.close(),
    (resolve, reject) => {
      socket.on('error', reject);
      socket.on('message', (message) => {
        if (isAnswerTo(message, question)) resolve(message);
      });
      // A connected socket hears only from whom it is connected to.
      socket.bind({ port: 0, exclusive: true }, () => {
        socket.connect(upstream.port, upstream.address, () => socket.send(question));
      });
    },
  );
}

/** The same over TCP. */
export function askOverTcp(upstream: Upstream, question: Buffer, timers: Timers): Promise<Buffer> {
  const socket = connect({ host: upstream.address, port: upstream.port });
  return withDeadline(
    timers,
    () => socket.destroy(),
    (resolve, reject) => {
      let received = Buffer.alloc(0);
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('the connection was closed')));
      socket.on('data', (chunk) => {
        received = Buffer.concat([received, chunk]);
        if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
        const message = received.subarray(2, 2 + received.readUInt16BE(0));
        if (isAnswerTo(message, question)) resolve(message);
        else reject(new Error('the answer is to another question'));
      });
      const length = Buffer.alloc(2);
      length.writeUInt16BE(question.length);
      socket.write(Buffer.concat([length, question]));
    },
  );
}

/** Same id, an answer, and the question repeated, whatever its case. */
function isAnswerTo(message: Buffer, question: Buffer): boolean {
  const end = question.indexOf(0, 12) + 5;
  return (
    message.length >= end &&
    message[0] === question[0] &&
    message[1] === question[1] &&
    ((message[2] ?? 0) & 0x80) !== 0 &&
    message.toString('latin1', 4, 6) === question.toString('latin1', 4, 6) &&
    message.toString('latin1', 12, end).toLowerCase() === question.toString('latin1', 12, end).toLowerCase()
  );
}

function withDeadline(
  timers: Timers,
  close: () => void,
  begin: (resolve: (answer: Buffer) => void, reject: (error: unknown) => void) => void,
): Promise<Buffer> {
  return new Promise<Buffer>((resolve, reject) => {
    const timer = timers.after(limits.forwardTimeoutMs, () => {
      end(() => reject(new PlatformError('name-server-silent', 'the name server did not answer in time')));
    });
    let isOver = false;
    const end = (settle: () => void): void => {
      if (isOver) return;
      isOver = true;
      timer.cancel();
      close();
      settle();
    };
    begin(
      (answer) => end(() => resolve(answer)),
      (error) => end(() => reject(error instanceof Error ? error : new Error(String(error)))),
    );
  });
}
