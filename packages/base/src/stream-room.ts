/** Waiting for a stream that takes no more at the moment. */

/** Resolves when a stream that held back what was written takes more, or is closed; neither wait is left behind. */
export function roomIn(stream: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.once('drain', done);
    stream.once('close', done);
  });
}
