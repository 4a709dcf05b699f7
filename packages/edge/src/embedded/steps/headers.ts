/** Steps about headers: what is set, what other pages may read, which hosts are allowed, and client certificates. */
import type { PeerCertificate } from 'node:tls';
import type { CrossOrigin, MiddlewareStep } from '../../core/model.ts';
import { compilePattern } from '../../core/rule/patterns.ts';
import { plainAnswer, type Answer, type Exchange, type Step } from '../exchange.ts';
import { headerIn, setHeader } from '../upstream/headers.ts';

type HeadersStep = MiddlewareStep & { readonly kind: 'headers' };

/** The step. */
export function headersStep(step: HeadersStep): Step {
  const cors = step.cors === undefined ? undefined : new CrossOriginPolicy(step.cors);
  return {
    before(exchange) {
      if (step.allowedHosts.length > 0 && !step.allowedHosts.includes(exchange.host)) {
        return plainAnswer(400, 'This host is not allowed here.');
      }
      for (const change of step.request) exchange.requestChanges.push(change);
      return cors?.preflight(exchange);
    },
    head(exchange, _status, headers) {
      for (const [name, value] of step.response) setHeader(headers, name, value);
      if (step.hsts !== undefined && (step.forceHsts || exchange.origin.scheme === 'https')) {
        setHeader(headers, 'Strict-Transport-Security', step.hsts);
      }
      cors?.decorate(exchange, headers);
    },
  };
}

/** What pages of other origins may do. */
class CrossOriginPolicy {
  private readonly cors: CrossOrigin;
  private readonly isAllowed: (origin: string) => boolean;

  constructor(cors: CrossOrigin) {
    this.cors = cors;
    const patterns = cors.allowOriginPatterns.flatMap((text) => {
      const pattern = compilePattern(`^(?:${text})$`);
      return pattern.ok ? [pattern.value] : [];
    });
    const any = cors.allowOrigins.includes('*');
    this.isAllowed = (origin) =>
      any || cors.allowOrigins.includes(origin) || patterns.some((pattern) => pattern.test(origin));
  }

  /** Answers a preflight itself: the service behind need not know. */
  preflight(exchange: Exchange): Answer | undefined {
    const origin = exchange.header('origin');
    const isPreflight =
      exchange.method === 'OPTIONS' &&
      origin !== undefined &&
      exchange.header('access-control-request-method') !== undefined;
    if (!isPreflight) return undefined;
    const { cors } = this;
    const headers: string[] = [];
    if (this.isAllowed(origin)) {
      headers.push('Access-Control-Allow-Origin', this.originFor(origin));
      if (cors.allowMethods.length > 0) headers.push('Access-Control-Allow-Methods', cors.allowMethods.join(','));
      if (cors.allowHeaders.length > 0) headers.push('Access-Control-Allow-Headers', cors.allowHeaders.join(','));
      if (cors.allowCredentials) headers.push('Access-Control-Allow-Credentials', 'true');
      headers.push('Access-Control-Max-Age', String(cors.maxAgeSeconds));
    }
    return { status: 200, headers: [...headers, 'vary', 'Origin', 'content-length', '0'], body: '' };
  }

  decorate(exchange: Exchange, headers: string[]): void {
    const origin = exchange.header('origin');
    if (this.cors.addVary) addVary(headers, 'Origin');
    if (origin === undefined || !this.isAllowed(origin)) return;
    setHeader(headers, 'Access-Control-Allow-Origin', this.originFor(origin));
    if (this.cors.allowCredentials) setHeader(headers, 'Access-Control-Allow-Credentials', 'true');
    if (this.cors.exposeHeaders.length > 0) {
      setHeader(headers, 'Access-Control-Expose-Headers', this.cors.exposeHeaders.join(','));
    }
  }

  /** An asterisk goes with credentials nowhere: browsers refuse the pair. */
  private originFor(origin: string): string {
    return this.cors.allowOrigins.includes('*') && !this.cors.allowCredentials ? '*' : origin;
  }
}

/** Adds a name to Vary. */
export function addVary(headers: string[], name: string): void {
  const known = headerIn(headers, 'vary');
  if (
    known === '*' ||
    known
      ?.toLowerCase()
      .split(/\s*,\s*/)
      .includes(name.toLowerCase()) === true
  ) {
    return;
  }
  setHeader(headers, 'Vary', known === undefined ? name : `${known}, ${name}`);
}

/** Hands the client's certificate on: X-Forwarded-Tls-Client-Cert (base64 of DER) and -Info. */
export function clientCertificate(step: MiddlewareStep & { readonly kind: 'client-certificate' }): Step {
  return {
    before(exchange) {
      const certificate = exchange.incoming.peerCertificate();
      if (certificate === undefined) return undefined;
      if (step.pem) exchange.requestChanges.push(['X-Forwarded-Tls-Client-Cert', certificate.raw.toString('base64')]);
      if (step.infos) {
        const subject = namesOf(certificate.subject);
        const issuer = namesOf(certificate.issuer);
        const info = `Subject="${subject}";Issuer="${issuer}";NB="${certificate.valid_from}";NA="${certificate.valid_to}"`;
        exchange.requestChanges.push(['X-Forwarded-Tls-Client-Cert-Info', encodeURIComponent(info)]);
      }
      return undefined;
    },
  };
}

function namesOf(names: PeerCertificate['subject'] | undefined): string {
  return Object.entries(names ?? {})
    .map(([name, value]) => `${name}=${Array.isArray(value) ? value.join('+') : String(value)}`)
    .join(',');
}
