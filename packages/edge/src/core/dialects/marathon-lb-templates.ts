/**
 * The template labels of marathon-lb that can be understood: timeouts, limits, header changes, balancing. They were pieces of
 * HAProxy configuration; what is not known is reported for its app and has no effect on anybody else.
 */
import type { HeaderChange, MiddlewareStep, ServicePolicy } from '../model.ts';
import { headerProblem, type LabelReader } from './labels.ts';
import { parseMethod } from './stadion.ts';

const TEMPLATES =
  /^HAPROXY_(\d+)_(BACKEND_HEAD|BACKEND_HTTP_OPTIONS|BACKEND_SERVER_OPTIONS|FRONTEND_HEAD|BACKEND_[A-Z_]*OPTIONS|HTTPS?_FRONTEND_[A-Z_]+|[A-Z_]*GLUE|MAP_[A-Z_]+|USERLIST_HEAD|SSL_CERT|BIND_OPTIONS|BIND_ADDR)$/;

/** What the templates of one service say. */
export interface TemplateWishes {
  readonly policy: Partial<ServicePolicy>;
  readonly steps: readonly MiddlewareStep[];
}

interface Wishes {
  policy: Partial<ServicePolicy>;
  readonly request: HeaderChange[];
  readonly response: HeaderChange[];
}

/** Reads the templates of a service, line by line. */
export function readTemplates(reader: LabelReader, index: number): TemplateWishes {
  const wishes: Wishes = { policy: {}, request: [], response: [] };
  for (const name of reader.names()) {
    if (TEMPLATES.exec(name)?.[1] !== String(index)) continue;
    const text = reader.text(name) ?? '';
    if (/_(SSL_CERT|BIND_OPTIONS|BIND_ADDR)$/.test(name)) {
      reader.report(name, 'has no effect: certificates and listeners are the edge’s own; see `stadion cert list`');
      continue;
    }
    for (const line of text.replaceAll('\r', '').split('\n')) {
      const trimmed = line.trim();
      if (trimmed === '' || trimmed.startsWith('#') || isStock(trimmed)) continue;
      if (!understand(trimmed, wishes)) {
        reader.report(name, `'${trimmed.slice(0, 120)}' is not understood and has no effect`);
      }
    }
  }
  const { request, response } = wishes;
  const steps: MiddlewareStep[] =
    request.length + response.length === 0
      ? []
      : [{ kind: 'headers', request, response, allowedHosts: [], forceHsts: false }];
  return { policy: wishes.policy, steps };
}

/** Lines of marathon-lb's own templates, which say nothing new. */
function isStock(line: string): boolean {
  return (
    /^(backend \{backend\}|frontend |balance \{balance\}|mode \{mode\}|bind |server |option forwardfor)/.test(line) ||
    /X-Forwarded-(Port|Proto)/.test(line)
  );
}

function understand(line: string, wishes: Wishes): boolean {
  const timeout = /^timeout (server|connect|client|queue|tunnel|http-request|check) (\S+)$/.exec(line);
  if (timeout !== null) {
    const value = haproxyTime(timeout[2] ?? '');
    if (value === undefined) return false;
    if (timeout[1] === 'server') wishes.policy = { ...wishes.policy, answerTimeoutMs: value };
    else if (timeout[1] === 'connect') wishes.policy = { ...wishes.policy, connectTimeoutMs: value };
    else return false;
    return true;
  }
  const balance = /^balance (.+)$/.exec(line);
  if (balance !== null) {
    const method = parseMethod(balance[1] ?? '');
    if (method.ok) wishes.policy = { ...wishes.policy, method: method.value };
    return method.ok;
  }
  const header = /^http-(request|response) (set|add|del)-header (\S+)(?: (.+))?$/.exec(line);
  if (header !== null) return headerLine(header, wishes);
  return serverOptions(line, wishes);
}

function headerLine([, where, verb, name = '', raw = '']: RegExpExecArray, wishes: Wishes): boolean {
  const value = raw.replace(/^"(.*)"$/, '$1').replaceAll('\\ ', ' ');
  // A value that HAProxy would work out per request means nothing here.
  if (value.includes('%[') || / (if|unless) /.test(raw) || headerProblem(name, value) !== undefined) return false;
  const list = where === 'request' ? wishes.request : wishes.response;
  list.push([name, verb === 'del' ? '' : value]);
  return true;
}

function serverOptions(line: string, wishes: Wishes): boolean {
  const words = line.split(/\s+/);
  let isUnderstood = true;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === 'maxconn' && /^\d+$/.test(words[at + 1] ?? '')) {
      wishes.policy = { ...wishes.policy, maxConnectionsPerServer: Number(words[at + 1]) };
      at += 1;
    } else if (word === 'ssl') wishes.policy = { ...wishes.policy, scheme: 'https' };
    else if (word === 'verify' && words[at + 1] === 'none') {
      wishes.policy = { ...wishes.policy, insecureSkipVerify: true };
      at += 1;
    } else if (word === 'proto' && words[at + 1] === 'h2') {
      wishes.policy = { ...wishes.policy, scheme: 'h2c' };
      at += 1;
    } else isUnderstood = false;
  }
  return isUnderstood;
}

function haproxyTime(text: string): number | undefined {
  const match = /^(\d{1,9})(us|ms|s|m|h|d)?$/.exec(text);
  if (match === null) return undefined;
  const factors: Readonly<Record<string, number>> = {
    us: 0.001,
    ms: 1,
    s: 1000,
    m: 60_000,
    h: 3_600_000,
    d: 86_400_000,
  };
  return Number(match[1]) * (factors[match[2] ?? 'ms'] ?? 1);
}
