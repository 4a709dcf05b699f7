/** Who may reach a cluster: its secret, and the token that brings a machine into it. */
export { authorizationOf, loadClusterSecret, saveClusterSecret, showsSecret } from './cluster-secret.ts';
export { decodeJoinToken, encodeJoinToken, type JoinToken } from './join-token.ts';
export { Secret } from './secret.ts';
