/** Sealed secrets in the store: one small record each. */
import { join, resolve } from 'node:path';
import { loadVaultKey, SecretVault, type SealedSecret, type SecretRecords } from '@stadion/access';
import type { Logger } from '@stadion/base';
import type { ServerConfig } from '@stadion/contract';
import type { JsonValue, Store } from '@stadion/store';
import type { SystemPorts } from './system-ports.ts';

const PREFIX = 'secrets/';

/** Opens the secrets of a platform, with the key that was given or that of its data directory. */
export async function openVault(
  config: ServerConfig,
  ports: SystemPorts,
  dataDirectory: string,
  kept: { readonly store: Store; readonly epoch: number; readonly log: Logger },
): Promise<SecretVault> {
  const path = resolve(config.secretsKeyFile ?? join(dataDirectory, 'secrets.key'));
  const key = await loadVaultKey(path, ports.random);
  const vault = await SecretVault.open(key, storedSecrets(kept.store, kept.epoch), {
    clock: ports.time,
    random: ports.random,
  });
  const { unreadable } = vault;
  if (unreadable.length > 0) {
    kept.log.error(
      { keyFile: path, secrets: unreadable.length, first: unreadable[0] },
      'Secrets that are kept were sealed with another key: tasks that need them fail. Give every server the same key file and restart it',
    );
  }
  return vault;
}

/** Keeps them under the leader's epoch. */
function storedSecrets(store: Store, epoch: number): SecretRecords {
  return {
    async load() {
      const records = new Map<string, SealedSecret>();
      for await (const { key, value } of store.list(PREFIX)) {
        if (isSealed(value)) records.set(key.slice(PREFIX.length), value);
      }
      return records;
    },
    put: (path, { sealed, createdAt, changedAt }) =>
      store.commit([{ type: 'put', key: `${PREFIX}${path}`, value: { sealed, createdAt, changedAt } }], epoch),
    delete: (path) => store.commit([{ type: 'delete', key: `${PREFIX}${path}` }], epoch),
  };
}

function isSealed(value: JsonValue): value is JsonValue & SealedSecret {
  if (typeof value !== 'object' || value === null) return false;
  const { sealed, createdAt, changedAt }: Partial<Record<keyof SealedSecret, unknown>> = value as object;
  return typeof sealed === 'string' && typeof createdAt === 'number' && typeof changedAt === 'number';
}
