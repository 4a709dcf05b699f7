/** How the same is done on the command line and by the API. */
import { curlLine, type ApiRequest } from '../core/action-plan.ts';
import { CopyButton } from './copy-button.tsx';
import styles from './equivalents.module.css';

/** Folded away until it is asked for. */
export function Equivalents({
  request,
  command,
  isOpen = false,
}: {
  readonly request: ApiRequest | readonly ApiRequest[];
  readonly command?: string | undefined;
  readonly isOpen?: boolean;
}) {
  const { origin } = globalThis.location;
  return (
    <details className={styles['equivalents']} open={isOpen}>
      <summary>Command line and API</summary>
      {command !== undefined && <Line label="Command line" text={command} />}
      <Line
        label="API"
        text={[request]
          .flat()
          .map((one) => curlLine(origin, one))
          .join(' && ')}
      />
    </details>
  );
}

function Line({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <div className={styles['line']}>
      <span>{label}</span>
      <code>{text}</code>
      <CopyButton text={text} label={`Copy: ${label}`} />
    </div>
  );
}
