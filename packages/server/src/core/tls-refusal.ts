/** Who is refused on a port that speaks TLS, before it is asked who it is. */

/** What is known of a connection and of what is asked over it. */
export interface TlsConnection {
  readonly isEncrypted: boolean;
  /** What the other end has shown; `reason` says why it is not good. */
  readonly certificate: 'none' | 'good' | { readonly reason: string };
  readonly isFromThisMachine: boolean;
  /** What only the cluster's own machines ask: links of agents, and secrets of their tasks. */
  readonly asks: 'link' | 'secret' | 'other';
}

const HOW = 'start it with --tls on, and the same secret or certificates of the same authority';

/** The sentence for whoever is refused; undefined: it may go on. @param isRequired whether nothing else than TLS is taken */
export function tlsProblem(connection: TlsConnection, isRequired: boolean): string | undefined {
  const { certificate, isEncrypted, asks } = connection;
  if (typeof certificate === 'object') {
    return `This certificate is not taken (${certificate.reason}): show one that the authority of this cluster has issued, or none.`;
  }
  if (connection.isFromThisMachine) return undefined;
  if (isRequired && !isEncrypted) return 'This port takes TLS only: come by https:// (TLS is required here).';
  const isOfRoles = asks === 'secret' || (asks === 'link' && (isEncrypted || isRequired));
  if (!isOfRoles || certificate === 'good') return undefined;
  const what = asks === 'secret' ? 'Secrets are given' : 'Agents are taken in';
  return `${what} only over TLS, to machines that show a certificate of this cluster: ${HOW}.`;
}
