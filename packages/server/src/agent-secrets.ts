/**
 * The way of agents on other machines to the secrets of their tasks: a question to whichever server leads, in the moment of
 * the launch, answered to whoever shows the secret of the cluster, and on record.
 */
import type { FastifyInstance } from 'fastify';
import { showsSecret, type AuditLog, type Secret, type SecretVault } from '@stadion/access';
import type { FoundSecret, SecretSource } from '@stadion/agent/containerizers';
import { describeError, type Timers } from '@stadion/base';
import { AGENT_SECRETS_PATH } from './agent-link/link-wire.ts';
import { auditOrigin } from './audit-origin.ts';
import { SECRETS_ANSWER_MS_MAX } from './limits.ts';
import type { NodeTls } from './tls/node-tls.ts';
import { clusterFetch } from './tls/own-fetches.ts';

/** Looks secrets up in the vault of this very process. */
export function vaultSecrets(vault: SecretVault): SecretSource {
  return {
    async find(name) {
      try {
        const found = vault.reveal(name);
        if (found !== undefined) return { ok: true, value: found.reveal() };
        return { ok: false, message: `secret-not-found: There is no secret ${name}: stadion secret set makes one` };
      } catch (error) {
        return { ok: false, message: `secret-unreadable: ${describeError(error)}` };
      }
    },
  };
}

/** Answers agents. Without a secret of the cluster nobody can be told from anybody, and nothing is given away. */
export function giveAgentsSecrets(
  http: FastifyInstance,
  parts: { readonly vault: SecretVault; readonly secret: Secret; readonly audit: AuditLog },
): void {
  const { vault, secret, audit } = parts;
  const source = vaultSecrets(vault);
  // A GET would be open to caches and to whatever follows links.
  http.post(AGENT_SECRETS_PATH, async (request, reply) => {
    const name = new URL(request.url, 'http://master').searchParams.get('name') ?? '';
    const record = { ...auditOrigin(request.raw), what: 'secret of a task', target: name };
    if (!showsSecret(request.headers.authorization, secret)) {
      await audit.add({ ...record, outcome: 'refused' });
      return reply.code(403).send({ message: 'Only agents of this cluster are given secrets.' });
    }
    const found = await source.find(name);
    await audit.add({ ...record, outcome: found.ok ? 'done' : 'failed' });
    return reply.header('cache-control', 'no-store').send(found);
  });
}

/** Asks the leader. */
export function remoteSecrets(options: {
  /** URLs of masters, the likeliest leader first; any server passes the question on. */
  readonly masters: () => readonly string[];
  readonly secret: Secret | undefined;
  readonly tls: NodeTls | undefined;
  readonly timers: Timers;
}): SecretSource {
  const { masters, secret, timers } = options;
  if (secret === undefined) {
    const message = 'secrets-unavailable: Agents on other machines are given secrets only with --secret-file';
    return { find: async () => ({ ok: false, message }) };
  }
  const askCluster = clusterFetch(options);

  async function ask(master: string, name: string): Promise<FoundSecret> {
    const url = new URL(AGENT_SECRETS_PATH, master);
    url.searchParams.set('name', name);
    const deadline = new AbortController();
    const timer = timers.after(SECRETS_ANSWER_MS_MAX, () => deadline.abort(new Error('no answer in time')));
    try {
      const response = await askCluster(url.href, { method: 'POST', signal: deadline.signal });
      const answer: unknown = await response.json();
      if (response.ok && isFound(answer)) return answer;
      throw new Error(`it answered with status ${String(response.status)}`);
    } finally {
      timer.cancel();
    }
  }

  return {
    async find(name) {
      const problems: string[] = [];
      for (const master of masters()) {
        try {
          return await ask(master, name);
        } catch (error) {
          problems.push(`${master}: ${describeError(error)}`);
        }
      }
      const why = problems.length === 0 ? 'no server is known yet' : problems.join('; ');
      return { ok: false, message: `secrets-unavailable: No server gives the secret ${name} (${why})` };
    },
  };
}

function isFound(answer: unknown): answer is FoundSecret {
  if (typeof answer !== 'object' || answer === null || !('ok' in answer)) return false;
  return answer.ok === true
    ? 'value' in answer && typeof answer.value === 'string'
    : 'message' in answer && typeof answer.message === 'string';
}
