/** One log file in a sandbox, read through the agent's `/files` API: its last lines, then what is added. */
import { isApiError, type AgentClient } from '@stadion/contract/client';
import { LineSplitter, lastLinesStart } from '../core/log-lines.ts';
import { limits } from '../limits.ts';

/** What stands in for bytes that are no UTF-8, and for a character that was cut in two. */
const REPLACEMENT = '\ufffd';
/** A character has at most four bytes, so a cut leaves at most three. */
const CUT_BYTES_MAX = 3;

/** Lines, and whether the file was begun anew before the last of them. */
export interface LogLines {
  readonly lines: readonly string[];
  readonly wasRotated: boolean;
}

/** Reads on from where it was. A file that is not there yet is empty. */
export class LogFile {
  private readonly agent: AgentClient;
  private readonly path: string;
  private readonly splitter = new LineSplitter();
  private offset = 0;

  constructor(agent: AgentClient, path: string) {
    this.agent = agent;
    this.path = path;
  }

  /** The last lines, as many as there are; the next read goes on behind them. */
  async readLast(count: number, signal: AbortSignal): Promise<readonly string[]> {
    const size = await this.size(this.path, signal);
    const floor = Math.max(0, size - limits.logTailBytes);
    let start = size;
    let text = '';
    let from: number | undefined;
    while (start > floor && from === undefined) {
      const length = Math.min(limits.logChunkBytes, start - floor);
      start -= length;
      const { data } = await this.agent.readFile(this.path, { offset: start, length }, { signal });
      text = data + text;
      from = lastLinesStart(text, count);
    }
    this.offset = size;
    const isWhole = start === 0;
    // A first line that begins before the search's end is incomplete; it is better left out.
    const begin = count <= 0 ? text.length : (from ?? (isWhole ? 0 : text.indexOf('\n') + 1));
    return this.splitter.push(text.slice(begin));
  }

  /** What was added since the last read, as whole lines. */
  async readNew(signal: AbortSignal): Promise<LogLines> {
    const size = await this.size(this.path, signal);
    if (size >= this.offset) return { lines: await this.readUpTo(this.path, size, signal), wasRotated: false };
    // The agent copies a full log to `.1` and empties it: the end of the old one is read there.
    const rotated = `${this.path}.1`;
    const lines = [
      ...(await this.readUpTo(rotated, await this.size(rotated, signal), signal)),
      ...this.splitter.flush(),
    ];
    this.offset = 0;
    return { lines: [...lines, ...(await this.readUpTo(this.path, size, signal))], wasRotated: true };
  }

  /** A last line without an end, once nothing more will come. */
  readRest(): readonly string[] {
    return this.splitter.flush();
  }

  private async readUpTo(path: string, size: number, signal: AbortSignal): Promise<string[]> {
    const lines: string[] = [];
    while (this.offset < size) {
      const wanted = Math.min(limits.logChunkBytes, size - this.offset);
      const { data, length } = await this.readWhole(path, wanted, signal);
      // The rest of a character is still to be written.
      if (length === 0) break;
      this.offset += length;
      lines.push(...this.splitter.push(data));
    }
    return lines;
  }

  /**
   * Reads so that no character is cut at the end: where one seems to be, a few bytes less are asked for. Bytes that are
   * no UTF-8 at all are taken as they come.
   */
  private async readWhole(
    path: string,
    length: number,
    signal: AbortSignal,
  ): Promise<{ readonly data: string; readonly length: number }> {
    const read = async (bytes: number): Promise<string> =>
      (await this.agent.readFile(path, { offset: this.offset, length: bytes }, { signal })).data;
    const whole = await read(length);
    if (!whole.endsWith(REPLACEMENT)) return { data: whole, length };
    for (let less = 1; less <= Math.min(CUT_BYTES_MAX, length - 1); less += 1) {
      const data = await read(length - less);
      if (!data.endsWith(REPLACEMENT)) return { data, length: length - less };
    }
    return length <= CUT_BYTES_MAX ? { data: '', length: 0 } : { data: whole, length };
  }

  private async size(path: string, signal: AbortSignal): Promise<number> {
    try {
      return (await this.agent.readFile(path, { offset: -1 }, { signal })).offset;
    } catch (error) {
      if (isApiError(error) && error.status === 404) return 0;
      throw error;
    }
  }
}
