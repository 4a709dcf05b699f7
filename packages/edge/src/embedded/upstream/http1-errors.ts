/** What can go wrong on a connection to a server. `code` tells the kinds apart. */
export type Http1FailureCode =
  'CONNECT_TIMEOUT' | 'ANSWER_TIMEOUT' | 'BAD_ANSWER' | 'CLOSED' | 'BAD_REQUEST' | 'ABORTED';

/** A try over HTTP/1 that failed. */
export class Http1Failure extends Error {
  override readonly name = 'Http1Failure';
  readonly code: Http1FailureCode;

  constructor(code: Http1FailureCode, message: string) {
    super(message);
    this.code = code;
  }
}
