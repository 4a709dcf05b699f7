/** The file of the platform's log: bounded in size, and never the reason why the platform ends. */
import { closeSync, existsSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

/** Takes whole lines, as pino's destination does. A line that the disk does not take is lost, and counted. */
export class LogFile {
  private readonly path: string;
  private readonly bytesMax: number;
  private file: number;
  private bytes: number;
  private lostLines = 0;
  /** The disk took only a part of the last line: the next one begins with a line end. */
  private isCut = false;
  private isClosed = false;

  /**
   * Opens the file for appending.
   * @param bytesMax a file beyond it is moved aside to `<path>.1`, replacing the one before
   * @throws Error of the file system
   */
  constructor(path: string, bytesMax: number) {
    this.path = path;
    this.bytesMax = bytesMax;
    this.file = openSync(path, 'a', 0o600);
    this.bytes = fstatSync(this.file).size;
  }

  /** Writes a line with its end at once, or gives it up. Never throws, and does nothing once closed. */
  write(line: string): void {
    if (this.isClosed) return;
    if (this.bytes >= this.bytesMax) this.moveAside();
    const lost =
      this.lostLines === 0 ? '' : `${JSON.stringify({ level: 40, msg: 'lines lost', count: this.lostLines })}\n`;
    if (this.append(`${this.isCut ? '\n' : ''}${lost}${line}`)) this.lostLines = 0;
    else this.lostLines += 1;
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    closeSync(this.file);
  }

  private append(text: string): boolean {
    const bytes = Buffer.from(text);
    try {
      const written = writeSync(this.file, bytes);
      this.bytes += written;
      this.isCut = written > 0 && written < bytes.length;
      return written === bytes.length;
    } catch {
      return false;
    }
  }

  private moveAside(): void {
    try {
      if (existsSync(this.path)) renameSync(this.path, `${this.path}.1`);
      const next = openSync(this.path, 'a', 0o600);
      closeSync(this.file);
      this.file = next;
      this.bytes = 0;
    } catch {
      // No room for another file: the old one goes on, and the next line tries again.
    }
  }
}
