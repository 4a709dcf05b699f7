/** `/files`: sandboxes to browse, read and download, and nothing outside of them. */
import { lstat, readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { errorCode } from '@stadion/base';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AgentView } from '../agent-view.ts';
import { FILES_BROWSE_ENTRIES_MAX, FILES_DEBUG_ROOTS_MAX, FILES_READ_BYTES_MAX } from '../limits.ts';
import { accountNames, modeText } from './file-facts.ts';
import { openInside, pathOfOpen, type OpenedFile } from './open-inside.ts';
import { queryValue, sendJson } from './jsonp.ts';
import { resolveVirtualPath, virtualRoots } from './virtual-paths.ts';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.txt': 'text/plain',
  '.log': 'text/plain',
  '.html': 'text/html',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.xml': 'application/xml',
  '.png': 'image/png',
  '.gif': 'image/gif',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.svg': 'image/svg+xml',
  '.pdf': 'application/pdf',
  '.gz': 'application/gzip',
  '.tgz': 'application/gzip',
  '.tar': 'application/x-tar',
  '.zip': 'application/zip',
};

/** ENXIO: a socket, which cannot be opened. */
const INACCESSIBLE = new Set(['ELOOP', 'EACCES', 'EPERM', 'ENAMETOOLONG', 'ENXIO']);

/** An open file, or the answer that the path gets. */
type Located =
  | ({ readonly ok: true; readonly virtual: string } & OpenedFile)
  | { readonly ok: false; readonly status: 400 | 404; readonly message: string };

/** Adds the four pages of Mesos's `/files` under a prefix. */
export function addFilesRoutes(server: FastifyInstance, prefix: string, agent: AgentView): void {
  const routes = { browse, read, download, debug };
  for (const [name, handle] of Object.entries(routes)) {
    for (const ending of ['', '.json']) {
      server.get(`${prefix}/files/${name}${ending}`, (request, reply) => handle(agent, request, reply));
    }
  }
}

async function browse(agent: AgentView, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const located = await locate(agent, request);
  if (!located.ok) return refuse(reply, located.status, located.message);
  const { file, path, virtual } = located;
  try {
    if (!(await file.stat()).isDirectory()) return await refuse(reply, 400, 'Cannot browse a file.');
    const folder = pathOfOpen(file, path);
    const names = (await readdir(folder)).sort().slice(0, FILES_BROWSE_ENTRIES_MAX);
    const accounts = await accountNames();
    const entries = [];
    for (const name of names) {
      // Gone between the two looks: not there.
      const facts = await lstat(join(folder, name)).catch(() => undefined);
      if (facts === undefined) continue;
      entries.push({
        path: `${virtual}/${name}`,
        nlink: facts.nlink,
        size: facts.size,
        mtime: Math.floor(facts.mtimeMs / 1000),
        mode: modeText(facts.mode),
        uid: accounts.user(facts.uid),
        gid: accounts.group(facts.gid),
      });
    }
    return await sendJson(request, reply, entries);
  } finally {
    await file.close();
  }
}

async function read(agent: AgentView, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const offset = readCount(request, 'offset');
  const length = readCount(request, 'length');
  if (offset === undefined) return refuse(reply, 400, 'Failed to parse offset: expected a number of at least -1.');
  if (length === undefined) return refuse(reply, 400, 'Failed to parse length: expected a number of at least -1.');
  const located = await locate(agent, request);
  if (!located.ok) return refuse(reply, located.status, located.message);
  const { file } = located;
  try {
    const facts = await file.stat();
    if (facts.isDirectory()) return await refuse(reply, 400, 'Cannot read a directory.');
    if (!facts.isFile()) return await refuse(reply, 400, 'Cannot read what is not a regular file.');
    // Without an offset a pager asks how long the file is.
    if (offset === -1) return await sendJson(request, reply, { offset: facts.size, data: '' });
    const bytes = Math.min(length === -1 ? FILES_READ_BYTES_MAX : length, FILES_READ_BYTES_MAX, facts.size - offset);
    if (bytes <= 0) return await sendJson(request, reply, { offset, data: '' });
    const { bytesRead, buffer } = await file.read(Buffer.alloc(bytes), 0, bytes, offset);
    const data = wholeCharacters(buffer.subarray(0, bytesRead)).toString('utf8');
    return await sendJson(request, reply, { offset, data });
  } finally {
    await file.close();
  }
}

async function download(agent: AgentView, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const located = await locate(agent, request);
  if (!located.ok) return refuse(reply, located.status, located.message);
  const { file, path } = located;
  let isStreamed = false;
  try {
    const facts = await file.stat();
    if (facts.isDirectory()) return await refuse(reply, 400, 'Cannot download a directory.');
    if (!facts.isFile()) return await refuse(reply, 400, 'Cannot download what is not a regular file.');
    const name = basename(path);
    const ascii = name.replace(/[^\x20-\x7e]|["\\]/g, '_');
    const type = CONTENT_TYPES[extname(name).toLowerCase()] ?? 'application/octet-stream';
    void reply
      .type(type)
      .header('content-disposition', `attachment; filename=${ascii}; filename*=UTF-8''${encodeURIComponent(name)}`)
      .header('content-length', facts.size)
      // A sandbox holds anything: a browser is to store it, not to run it.
      .header('x-content-type-options', 'nosniff');
    if (facts.size === 0) return await reply.send('');
    isStreamed = true;
    // A log may grow or be cut meanwhile: no more than was announced. The stream closes the file.
    return await reply.send(file.createReadStream({ start: 0, end: facts.size - 1 }));
  } finally {
    if (!isStreamed) await file.close();
  }
}

async function debug(agent: AgentView, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const roots: Record<string, string> = {};
  let count = 0;
  for (const [virtual, real] of virtualRoots(agent)) {
    count += 1;
    if (count > FILES_DEBUG_ROOTS_MAX) break;
    roots[virtual] = real;
  }
  return sendJson(request, reply, roots);
}

/** Opens what `?path=` names, which after all links must be inside its sandbox. The caller closes it. */
async function locate(agent: AgentView, request: FastifyRequest): Promise<Located> {
  const path = queryValue(request, 'path');
  if (path === undefined || path === '') return { ok: false, status: 400, message: "Expecting 'path=value' in query." };
  const resolved = resolveVirtualPath(agent, path);
  if (!resolved.ok) {
    return { ok: false, status: resolved.status, message: `${resolved.problem}: '${printable(path)}'.` };
  }
  const inaccessible: Located = { ok: false, status: 400, message: `'${printable(path)}' is inaccessible.` };
  try {
    const opened = await openInside(resolved.root, resolved.rest);
    return opened === undefined ? inaccessible : { ok: true, ...opened, virtual: path.replace(/\/+$/, '') };
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return { ok: false, status: 404, message: 'File not found.' };
    if (code !== undefined && INACCESSIBLE.has(code)) return inaccessible;
    throw error;
  }
}

function refuse(reply: FastifyReply, status: 400 | 404, message: string): FastifyReply {
  return reply.code(status).type('text/plain').send(`${message}\n`);
}

/** -1 when absent; undefined when it is no whole number of at least -1. */
function readCount(request: FastifyRequest, name: string): number | undefined {
  const text = queryValue(request, name);
  if (text === undefined) return -1;
  if (!/^-?\d{1,15}$/.test(text)) return undefined;
  const value = Number(text);
  return value < -1 ? undefined : value;
}

/** Drops the bytes of a character that is cut off at the end (RFC 3629), unless nothing would be left. */
function wholeCharacters(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length - 1); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0b1100_0000) === 0b1000_0000) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}

function printable(path: string): string {
  return path.replace(/[^\x20-\x7e]/g, '?').slice(0, 512);
}
