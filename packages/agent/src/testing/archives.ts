/** Archives for tests, hostile ones too: what no ordinary tool would pack. */
import { crc32, gzipSync } from 'node:zlib';
import { Header } from 'tar';

/** One entry to pack. */
export interface PackedEntry {
  readonly path: string;
  readonly body?: string;
  readonly type?: 'File' | 'Directory' | 'SymbolicLink' | 'Link' | 'CharacterDevice';
  readonly target?: string;
  readonly mode?: number;
}

/** A .tar file with exactly these entries. */
export function packTar(entries: readonly PackedEntry[]): Buffer {
  const blocks: Buffer[] = [];
  for (const entry of entries) {
    const body = Buffer.from(entry.body ?? '');
    const header = new Header({
      path: entry.path,
      mode: entry.mode ?? 0o644,
      size: body.length,
      type: entry.type ?? 'File',
      mtime: new Date(0),
      ...(entry.target === undefined ? {} : { linkpath: entry.target }),
    });
    const block = Buffer.alloc(512);
    header.encode(block, 0);
    blocks.push(block, body, Buffer.alloc((512 - (body.length % 512)) % 512));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** The same, compressed. */
export function packTarGz(entries: readonly PackedEntry[]): Buffer {
  return gzipSync(packTar(entries));
}

/** A .zip file with exactly these entries, stored (APPNOTE.TXT 4.3). */
export function packZip(entries: readonly PackedEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.path);
    const body = Buffer.from(entry.type === 'SymbolicLink' ? (entry.target ?? '') : (entry.body ?? ''));
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(20, 4);
    local.writeUInt32LE(crc32(body), 14);
    local.writeUInt32LE(body.length, 18);
    local.writeUInt32LE(body.length, 22);
    local.writeUInt16LE(name.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE((3 << 8) | 20, 4);
    central.writeUInt16LE(20, 6);
    local.copy(central, 16, 14, 28);
    const type = entry.type === 'SymbolicLink' ? 0o120000 : 0o100000;
    central.writeUInt32LE(((type | (entry.mode ?? 0o644)) << 16) >>> 0, 38);
    central.writeUInt32LE(offset, 42);
    parts.push(local, name, body);
    directory.push(central, name);
    offset += local.length + name.length + body.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}
