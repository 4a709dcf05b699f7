/** The one place where a failure becomes lines on standard error and an exit code. */
import { PlatformError, describeError, errorCode } from '@stadion/base';
import { isApiError, type ApiError } from '@stadion/contract/client';
import { safeText } from './core/safe-text.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import type { Printer } from './output/printer.ts';

/** A wrong command line or input file: `usage-wrong`. */
export function usageError(message: string): PlatformError {
  return new PlatformError('usage-wrong', message);
}

/** Something that was asked for does not exist: `not-found`. `hint` names what was perhaps meant. */
export function notFound(message: string, hint: string): PlatformError {
  return new PlatformError('not-found', hint === '' ? message : `${message} ${hint}`);
}

/** What a wait ends with when Ctrl-C is pressed: `interrupted`. */
export function interrupted(): PlatformError {
  return new PlatformError('interrupted', 'Interrupted.');
}

const EXIT_BY_CODE: Readonly<Record<string, ExitCode>> = {
  'usage-wrong': EXIT.usage,
  'parameter-invalid': EXIT.usage,
  'wait-timed-out': EXIT.timeout,
};

/** Prints what went wrong and what to do. */
export function reportError(printer: Printer, error: unknown): ExitCode {
  const code = errorCode(error);
  if (code === 'interrupted') return EXIT.interrupted;
  if (isApiError(error)) return reportRefusal(printer, error);
  if (code === undefined && error instanceof Error) {
    printer.error(`${error.stack ?? error.message}\nThis is a bug in stadion. Please report it.`);
    return EXIT.error;
  }
  if (error instanceof PlatformError) {
    printer.error(error.message);
    if (error.cause !== undefined) printer.remark(`  because: ${describeError(error.cause)}`);
  } else {
    printer.error(describeError(error));
  }
  return EXIT_BY_CODE[code ?? ''] ?? EXIT.error;
}

function reportRefusal(printer: Printer, { status, answer }: ApiError): ExitCode {
  const [holder, ...others] = answer.deployments ?? [];
  if (status === 409 && holder !== undefined) {
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    printer.error(
      `The app is locked by deployment ${holder.id}${more}. See how far it is with: stadion deploy watch ${holder.id}. ` +
        'Or put an end to it by repeating this command with --force.',
    );
    return EXIT.error;
  }
  printer.error(answer.message);
  if (typeof answer.details === 'string') printer.stderr.write(`  ${safeText(answer.details)}\n`);
  else {
    for (const { path, errors } of answer.details ?? []) {
      // Marathon's codes are for programs; a sentence that says the same is better.
      const sentences = errors.filter((text) => !/^error\.[\w.]+$/.test(text));
      for (const text of sentences.length > 0 ? sentences : errors) {
        printer.stderr.write(`  ${safeText(`${path}: ${text}`)}\n`);
      }
    }
  }
  return status === 401 || status === 403 ? EXIT.denied : EXIT.error;
}
