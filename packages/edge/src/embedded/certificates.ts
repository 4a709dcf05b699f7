/** Certificates by name, exchanged while connections go on: each new handshake takes what is there then. */
import { createSecureContext, type SecureContext } from 'node:tls';

/** A certificate with its key, both PEM, and the names that it is for. Plain JSON. */
export interface CertificatePair {
  readonly names: readonly string[];
  readonly certificate: string;
  readonly key: string;
}

/** The certificates of one process. */
export class CertificateStore {
  private exact = new Map<string, SecureContext>();
  private wildcards = new Map<string, SecureContext>();
  private fallback: SecureContext | undefined;
  private readonly contexts = new Map<string, SecureContext>();
  private readonly followers: ((pair: CertificatePair) => void)[] = [];
  private fallbackPair: CertificatePair | undefined;
  private readonly clientAuthority: string | undefined;

  /**
   * @param clientAuthority that clients' certificates must come from, PEM: once a context is chosen by name, it is that
   *   context, not the server's own settings, by which a client is judged
   */
  constructor(clientAuthority?: string) {
    this.clientAuthority = clientAuthority;
  }

  /**
   * Takes over the certificates as they are now; the first is shown to those who ask for a name that none is for.
   * @returns one sentence for each that cannot be used
   */
  set(pairs: readonly CertificatePair[]): readonly string[] {
    const problems: string[] = [];
    const exact = new Map<string, SecureContext>();
    const wildcards = new Map<string, SecureContext>();
    let fallback: SecureContext | undefined;
    for (const pair of pairs) {
      const context = this.contextOf(pair, problems);
      if (context === undefined) continue;
      if (fallback === undefined) this.fallbackPair = pair;
      fallback ??= context;
      for (const name of pair.names) {
        const lower = name.toLowerCase();
        if (lower.startsWith('*.')) wildcards.set(lower.slice(2), context);
        else exact.set(lower, context);
      }
    }
    this.exact = exact;
    this.wildcards = wildcards;
    this.fallback = fallback;
    if (this.fallbackPair !== undefined) for (const follow of this.followers) follow(this.fallbackPair);
    return problems;
  }

  /** Calls back with the pair for clients that name nobody, now and at each change. */
  followFallback(follow: (pair: CertificatePair) => void): void {
    this.followers.push(follow);
    if (this.fallbackPair !== undefined) follow(this.fallbackPair);
  }

  /** The context for a name. */
  contextFor(serverName: string): SecureContext | undefined {
    const lower = serverName.toLowerCase();
    const dot = lower.indexOf('.');
    return this.exact.get(lower) ?? (dot < 0 ? undefined : this.wildcards.get(lower.slice(dot + 1))) ?? this.fallback;
  }

  private contextOf(pair: CertificatePair, problems: string[]): SecureContext | undefined {
    // Making a context is slow; the same pair keeps its own.
    const key = `${pair.certificate}\n${pair.key}`;
    const known = this.contexts.get(key);
    if (known !== undefined) return known;
    try {
      const context = createSecureContext({
        cert: pair.certificate,
        key: pair.key,
        ca: this.clientAuthority,
        minVersion: 'TLSv1.2',
      });
      if (this.contexts.size > CONTEXTS_MAX) this.contexts.clear();
      this.contexts.set(key, context);
      return context;
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'it cannot be read';
      problems.push(`The certificate for ${pair.names.join(', ')} cannot be used: ${reason}.`);
      return undefined;
    }
  }
}

const CONTEXTS_MAX = 10_000;
