/** `/files`: sandboxes to browse, read and download, and nothing outside of them. */
import { basename, extname } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AgentView } from '../agent-view.ts';
import { FILES_DEBUG_ROOTS_MAX } from '../limits.ts';
import { accountNames, modeText } from './file-facts.ts';
import { queryValue, sendJson } from './jsonp.ts';
import { listFolder, locate, readPiece, type FileProblem } from './sandbox-files.ts';
import { virtualRoots } from './virtual-paths.ts';

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
  const path = pathOf(request);
  if (path === undefined) return refuse(reply, NO_PATH);
  const entries = await listFolder(agent, path);
  if ('ok' in entries) return refuse(reply, entries);
  const accounts = await accountNames();
  const shown = entries.map(({ path: name, facts }) => ({
    path: name,
    nlink: facts.nlink,
    size: facts.size,
    mtime: Math.floor(facts.mtimeMs / 1000),
    mode: modeText(facts.mode),
    uid: accounts.user(facts.uid),
    gid: accounts.group(facts.gid),
  }));
  return sendJson(request, reply, shown);
}

async function read(agent: AgentView, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const offset = readCount(request, 'offset');
  const length = readCount(request, 'length');
  const expected = 'expected a number of at least -1.';
  if (offset === undefined) return refuse(reply, { status: 400, message: `Failed to parse offset: ${expected}` });
  if (length === undefined) return refuse(reply, { status: 400, message: `Failed to parse length: ${expected}` });
  const path = pathOf(request);
  if (path === undefined) return refuse(reply, NO_PATH);
  // Without an offset a pager asks how long the file is.
  const isAskingSize = offset === -1;
  const piece = await readPiece(
    agent,
    path,
    Math.max(0, offset),
    isAskingSize ? 0 : length === -1 ? undefined : length,
  );
  if ('ok' in piece) return refuse(reply, piece);
  if (isAskingSize) return sendJson(request, reply, { offset: piece.size, data: '' });
  return sendJson(request, reply, { offset, data: wholeCharacters(piece.bytes).toString('utf8') });
}

async function download(agent: AgentView, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const asked = pathOf(request);
  const located = asked === undefined ? NO_PATH : await locate(agent, asked);
  if (!located.ok) return refuse(reply, located);
  const { file, path } = located;
  let isStreamed = false;
  try {
    const facts = await file.stat();
    if (facts.isDirectory()) return await refuse(reply, { status: 400, message: 'Cannot download a directory.' });
    if (!facts.isFile()) {
      return await refuse(reply, { status: 400, message: 'Cannot download what is not a regular file.' });
    }
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

const NO_PATH: FileProblem = { ok: false, status: 400, message: "Expecting 'path=value' in query." };

/** What `?path=` names. */
function pathOf(request: FastifyRequest): string | undefined {
  const path = queryValue(request, 'path');
  return path === '' ? undefined : path;
}

function refuse(reply: FastifyReply, { status, message }: Omit<FileProblem, 'ok'>): FastifyReply {
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
