/** Secrets on the orchestrator's port, in DC/OS's shape: set, listed and deleted, but never shown. */
import { Secret, type AuditLog, type SecretVault } from '@stadion/access';
import { describeError, errorCode } from '@stadion/base';
import { auditOrigin } from './audit-origin.ts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

const ROOT = '/secrets/v1/secret/default';
const STATUS: Readonly<Record<string, number>> = {
  'secret-path-invalid': 422,
  'secret-too-large': 413,
  'secrets-full': 507,
  'secrets-key-differs': 409,
};

/** Adds the routes. A path is what follows `/secrets/v1/secret/default/`; `?list=true` lists what is below it. */
export function addSecretsApi(http: FastifyInstance, vault: SecretVault, audit: AuditLog): void {
  const pathOf = (request: FastifyRequest): string =>
    decodeURIComponent(request.url.split('?')[0] ?? '').slice(ROOT.length + 1);

  async function change(
    request: FastifyRequest,
    reply: FastifyReply,
    what: string,
    act: (path: string) => Promise<number>,
  ): Promise<FastifyReply> {
    const path = pathOf(request);
    const record = { ...auditOrigin(request.raw), what: `secret ${what}`, target: path };
    try {
      const status = await act(path);
      await audit.add({ ...record, outcome: status < 300 ? 'done' : 'refused' });
      if (status === 404) return await reply.code(404).send({ message: `There is no secret ${path}.` });
      if (status === 409) return await reply.code(409).send({ message: `The secret ${path} is there already.` });
      if (status === 400) return await reply.code(400).send({ message: 'Give the value as JSON: {"value": "…"}.' });
      return await reply.code(status).send();
    } catch (error) {
      await audit.add({ ...record, outcome: 'failed' });
      return reply.code(STATUS[errorCode(error) ?? ''] ?? 500).send({ message: describeError(error) });
    }
  }

  const setter = (needsExisting: boolean) => (request: FastifyRequest, reply: FastifyReply) =>
    change(request, reply, 'set', async (path) => {
      const value = valueIn(request.body);
      if (value === undefined) return 400;
      const isThere = vault.find(path) !== undefined;
      if (isThere !== needsExisting) return needsExisting ? 404 : 409;
      await vault.set(path, value);
      return needsExisting ? 204 : 201;
    });
  http.put(`${ROOT}/*`, setter(false));
  http.patch(`${ROOT}/*`, setter(true));
  http.delete(`${ROOT}/*`, (request, reply) =>
    change(request, reply, 'delete', async (path) => ((await vault.delete(path)) ? 204 : 404)),
  );
  const list = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const prefix = pathOf(request);
    const facts = vault.list().filter(({ path }) => prefix === '' || path === prefix || path.startsWith(`${prefix}/`));
    if (new URL(request.url, 'http://h').searchParams.get('list') === 'true') {
      return reply.send({ array: facts.map(({ path }) => (prefix === '' ? path : path.slice(prefix.length + 1))) });
    }
    const found = vault.find(prefix);
    if (found === undefined) return reply.code(404).send({ message: `There is no secret ${prefix}.` });
    const time = (ms: number): string => new Date(ms).toISOString();
    return reply.send({
      path: found.path,
      created: time(found.createdAt),
      changed: time(found.changedAt),
      value: '***',
    });
  };
  http.get(`${ROOT}/*`, async (request, reply) => list(request, reply));
}

function valueIn(body: unknown): Secret | undefined {
  try {
    const value: unknown = Buffer.isBuffer(body) ? JSON.parse(body.toString('utf8')) : body;
    if (typeof value !== 'object' || value === null || !('value' in value)) return undefined;
    return typeof value.value === 'string' ? new Secret(value.value) : undefined;
  } catch {
    return undefined;
  }
}
