/** Who is out of rotation by hand, in a file: a restart of the name server must not put anybody back. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { PlatformError, errorCode } from '@stadion/base';
import { limits } from './limits.ts';

/** The file; without a path nothing is kept. */
export class RotationFile {
  private readonly path: string | undefined;
  private writing: Promise<void> = Promise.resolve();

  constructor(path: string | undefined) {
    this.path = path;
  }

  /** @throws PlatformError `rotation-file-unreadable` */
  async read(): Promise<string[]> {
    if (this.path === undefined) return [];
    try {
      const ids: unknown = JSON.parse(await readFile(this.path, 'utf8'));
      return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string').slice(0, limits.outOfRotation) : [];
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return [];
      throw new PlatformError(
        'rotation-file-unreadable',
        `${this.path} cannot be read: it says who is out of rotation. Mend or remove it.`,
        { cause: error },
      );
    }
  }

  /** Replaces the list; writes one after the other. */
  async write(ids: readonly string[]): Promise<void> {
    const { path } = this;
    if (path === undefined) return;
    const before = this.writing;
    const write = async (): Promise<void> => {
      await before.catch(() => undefined);
      await writeFile(`${path}.new`, `${JSON.stringify(ids)}\n`, { mode: 0o600 });
      await rename(`${path}.new`, path);
    };
    this.writing = write();
    await this.writing;
  }
}
