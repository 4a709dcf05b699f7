/** Who may reach a cluster: its secret, the token that brings a machine into it, and the record of what was done. */
export { AccessControl } from './access-control.ts';
export { isPermitted, readGrant, type Grant, type Identity } from './core/permission.ts';
export { sightOf } from './core/sight.ts';
export { hashPassword, makeToken } from './password.ts';
export { AuditLog, type AuditEntry } from './audit-log.ts';
export {
  ClusterSecret,
  authorizationOf,
  followSecretFile,
  loadClusterSecret,
  saveClusterSecret,
  showsSecret,
} from './cluster-secret.ts';
export { followFile } from './follow-file.ts';
export { decodeJoinToken, encodeJoinToken, type JoinToken } from './join-token.ts';
export { SecretVault, type SealedSecret, type SecretFacts, type SecretRecords } from './secret-vault.ts';
export { loadVaultKey } from './vault-key.ts';
export { Secret } from './secret.ts';
export { ClusterAuthority, endOfCertificate, type NodeCertificate } from './cluster-authority.ts';
