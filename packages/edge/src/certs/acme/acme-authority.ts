/** An authority that speaks ACME (RFC 8555), by acme-client, which is large: it is loaded when somebody wants a certificate. */
import { readFile, writeFile } from 'node:fs/promises';
import type { Authorization } from 'acme-client';
import { errorCode } from '@stadion/base';
import type { ChallengeBoard, ChallengeKind } from './challenge-board.ts';

/** How the authority is reached. */
export interface AcmeSettings {
  readonly directoryUrl: string;
  readonly email: string | undefined;
  readonly challenge: ChallengeKind;
  /** Where the key of the account is kept. */
  readonly accountKeyPath: string;
}

/** A certificate with its chain and key, PEM. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

/** Whoever issues certificates. */
export interface CertificateAuthority {
  /** @throws when the authority refuses, with its reason */
  issue(names: readonly string[]): Promise<Issued>;
}

/** The authority. */
export class AcmeAuthority implements CertificateAuthority {
  private readonly settings: AcmeSettings;
  private readonly board: ChallengeBoard;

  constructor(settings: AcmeSettings, board: ChallengeBoard) {
    this.settings = settings;
    this.board = board;
  }

  async issue(names: readonly string[]): Promise<Issued> {
    const { directoryUrl, email, challenge: kind } = this.settings;
    const { Client, crypto } = await import('acme-client');
    const accountKey = await this.accountKey();
    const client = new Client({ directoryUrl, accountKey, backoffMin: 500, backoffMax: 5_000, backoffAttempts: 20 });
    const [common = ''] = names;
    const [key, csr] = await crypto.createCsr(
      { commonName: common, altNames: [...names] },
      await crypto.createPrivateEcdsaKey('P-256'),
    );
    const certificate = await client.auto({
      csr,
      ...(email === undefined ? {} : { email }),
      termsOfServiceAgreed: true,
      challengePriority: [kind],
      // It would be looked for at port 80 of the name, which need not lead here from here.
      skipChallengeVerification: true,
      challengeCreateFn: (authorization, challenge, keyAuthorization) =>
        this.answer(authorization, challenge, keyAuthorization, true),
      challengeRemoveFn: (authorization, challenge, keyAuthorization) =>
        this.answer(authorization, challenge, keyAuthorization, false),
    });
    return { certificate, key: key.toString() };
  }

  private async answer(
    authorization: Authorization,
    challenge: { readonly type: string; readonly token: string },
    keyAuthorization: string,
    isBegun: boolean,
  ): Promise<void> {
    const name = authorization.identifier.value;
    const { challenge: wanted } = this.settings;
    if (challenge.type !== wanted) {
      throw new Error(`the authority offers ${challenge.type} for ${name}, not ${wanted}`);
    }
    if (wanted === 'http-01') await this.board.putToken(challenge.token, isBegun ? keyAuthorization : undefined);
    else if (wanted === 'dns-01') await this.board.callHook(isBegun ? 'present' : 'cleanup', name, keyAuthorization);
    else if (!isBegun) await this.board.putCertificate(name, undefined);
    else {
      const { crypto } = await import('acme-client');
      const [key, certificate] = await crypto.createAlpnCertificate(authorization, keyAuthorization);
      await this.board.putCertificate(name, {
        names: [name],
        certificate: certificate.toString(),
        key: key.toString(),
      });
    }
  }

  /** The key of the account, made once and kept. */
  private async accountKey(): Promise<string> {
    const path = this.settings.accountKeyPath;
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      const { crypto } = await import('acme-client');
      const key = (await crypto.createPrivateEcdsaKey('P-256')).toString();
      await writeFile(path, key, { mode: 0o600 });
      return key;
    }
  }
}
