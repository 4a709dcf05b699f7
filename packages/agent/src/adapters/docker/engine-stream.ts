/** Streams of the Engine: dockerode declares the least of them, and gives readable streams of Node. */
import { Readable } from 'node:stream';

/** What is read of the Engine. */
export type EngineStream = NodeJS.ReadableStream;

/** Ends a stream before its time. */
export function destroyStream(stream: EngineStream | undefined): void {
  if (stream instanceof Readable) stream.destroy();
}
