/** Output of a container as the Engine streams it: frames of stdout and stderr, each line with its time before it. */

/** A piece of output. `time` is that of its record, the same for no two lines in practice. */
export interface LogRecord {
  readonly stream: 'stdout' | 'stderr';
  readonly time: string;
  readonly data: Buffer;
}

const HEADER_BYTES = 8;
/** `2026-01-02T03:04:05.123456789Z ` */
const TIME_BYTES = 31;
/** Docker splits longer lines into records of this size. */
const RECORD_BYTES_MAX = 16 * 1024;
const NEWLINE = 10;
const EMPTY = Buffer.alloc(0);

/** Takes a stream apart, chunk by chunk. */
export interface LogSplitter {
  push(chunk: Buffer): LogRecord[];
}

/** With a terminal there is one stream and no frames; without, frames of Docker's multiplexed stream (attach API). */
export function createLogSplitter(terminal: boolean): LogSplitter {
  return terminal ? new LineSplitter() : new FrameSplitter();
}

class FrameSplitter implements LogSplitter {
  private rest: Buffer = EMPTY;

  push(chunk: Buffer): LogRecord[] {
    const records: LogRecord[] = [];
    let data = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    while (data.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + data.readUInt32BE(4);
      if (data.length < end) break;
      records.push(record(data[0] === 2 ? 'stderr' : 'stdout', data.subarray(HEADER_BYTES, end)));
      data = data.subarray(end);
    }
    // A copy, so that a whole chunk is not kept for a few bytes.
    this.rest = Buffer.from(data);
    return records;
  }
}

class LineSplitter implements LogSplitter {
  private rest: Buffer = EMPTY;

  push(chunk: Buffer): LogRecord[] {
    const records: LogRecord[] = [];
    let data = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    for (;;) {
      const newline = data.indexOf(NEWLINE);
      const whole = TIME_BYTES + RECORD_BYTES_MAX;
      const end = newline >= 0 && newline < whole ? newline + 1 : data.length >= whole ? whole : undefined;
      if (end === undefined) break;
      records.push(record('stdout', data.subarray(0, end)));
      data = data.subarray(end);
    }
    this.rest = Buffer.from(data);
    return records;
  }
}

function record(stream: LogRecord['stream'], payload: Buffer): LogRecord {
  return {
    stream,
    time: payload.toString('latin1', 0, TIME_BYTES - 1),
    data: payload.subarray(TIME_BYTES),
  };
}
