/** Somebody else changed the app: what they changed, what is changed here, and how to go on. */
import type { JsonObject } from '../../core/app-draft.ts';
import { threeWay } from '../../core/three-way.ts';
import { Button } from '../../parts/button.tsx';
import { PlainTable } from '../../parts/plain-table.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';
import styles from './changed-meanwhile.module.css';

const WORDS = { mine: 'changed here', theirs: 'changed by them', both: 'the same change', conflict: 'changed by both' };

export function ChangedMeanwhile({
  base,
  mine,
  theirs,
  at,
  onRebase,
  onTakeTheirs,
}: {
  readonly base: JsonObject;
  readonly mine: JsonObject;
  readonly theirs: JsonObject;
  readonly at: string;
  readonly onRebase: () => void;
  readonly onTakeTheirs: () => void;
}) {
  const changes = threeWay(base, mine, theirs);
  const conflicts = changes.filter(({ by }) => by === 'conflict').length;
  return (
    <section className={styles['warning']} role="alert">
      <header>
        <p>
          <strong>Somebody changed this app</strong> <TimeAgo at={at} />, after you began.{' '}
          {conflicts > 0
            ? 'You both changed the same members: yours would win.'
            : 'Your changes do not touch the same members.'}
        </p>
        <Button onClick={onRebase}>Put my changes on top</Button>
        <Button onClick={onTakeTheirs}>Drop mine</Button>
      </header>
      <PlainTable label="The three versions" titles={['Member', 'Before', 'Theirs', 'Yours']} hidden="Who changed it">
        {changes.map((change) => (
          <tr key={change.name} data-by={change.by}>
            <th scope="row">{change.name}</th>
            <td>{inShort(change.base)}</td>
            <td>{inShort(change.theirs)}</td>
            <td>{inShort(change.mine)}</td>
            <td>{WORDS[change.by]}</td>
          </tr>
        ))}
      </PlainTable>
    </section>
  );
}

function inShort(value: JsonObject[string]) {
  if (value === undefined) return <i>unspecified</i>;
  const text = JSON.stringify(value);
  return <code title={text}>{text.length > 120 ? `${text.slice(0, 120)}…` : text}</code>;
}
