/** A descriptor of a Marathon before 1.5 is taken as it is; here one sees what it is in the form that is kept. */
import { deprecatedMembers, draftText, editable, type JsonObject } from '../../core/app-draft.ts';
import type { Planned } from '../../data/use-plan.ts';
import { Button } from '../../parts/button.tsx';
import styles from './descriptor-editor.module.css';

export function OlderForm({
  draft,
  planned,
  onText,
}: {
  readonly draft: JsonObject;
  readonly planned: Planned;
  readonly onText: (text: string) => void;
}) {
  const members = deprecatedMembers(draft);
  if (members.length === 0) return null;
  const kept = planned.isCurrent ? planned.plan?.app : undefined;
  return (
    <section className={styles['older']} aria-label="Older form">
      <p>
        Written in an older form of Marathon:{' '}
        {members.map((name, index) => (
          <span key={name}>
            {index > 0 && ', '}
            <code>{name}</code>
          </span>
        ))}
        . It can be deployed as it is, and is kept in the present form.
      </p>
      <Button
        disabled={kept === undefined}
        onClick={() => {
          if (kept !== undefined) onText(draftText(editable(kept)));
        }}
      >
        Write it in the present form
      </Button>
    </section>
  );
}
