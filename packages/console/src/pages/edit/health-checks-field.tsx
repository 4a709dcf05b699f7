/** The health checks of the form. */
import { Plus, Trash2 } from 'lucide-react';
import { isObject, memberAt, withMember, type Json } from '../../core/app-draft.ts';
import type { DraftProblem } from '../../core/app-problems.ts';
import { Button } from '../../parts/button.tsx';
import { NumberField, TextField, type FieldFrame } from './fields.tsx';
import styles from './fields.module.css';

const PROTOCOLS = ['HTTP', 'HTTPS', 'TCP', 'COMMAND', 'MESOS_HTTP', 'MESOS_HTTPS', 'MESOS_TCP'];
const FRESH: Json = { protocol: 'HTTP', path: '/', portIndex: 0, intervalSeconds: 10, gracePeriodSeconds: 60 };

export function HealthChecksField({
  value,
  problems,
  onChange,
}: FieldFrame & { readonly problems: readonly DraftProblem[] }) {
  const checks = Array.isArray(value) ? (value as readonly Json[]) : [];
  return (
    <div className={styles['list']}>
      {checks.map((check, index) => {
        const frame = (...path: string[]): FieldFrame => ({
          value: memberAt(check, path),
          problem: problems.find((one) => one.path === `/healthChecks(${String(index)})/${path.join('/')}`)?.message,
          onChange: (changed) => {
            onChange(withMember(checks, [index, ...path], changed));
          },
        });
        const protocol = memberAt(check, ['protocol']);
        return (
          <div key={index} className={styles['check']} role="group" aria-label={`Health check ${String(index + 1)}`}>
            <div className={styles['item']}>
              <label>
                Protocol
                <select
                  value={typeof protocol === 'string' ? protocol : 'HTTP'}
                  onChange={(event) => {
                    frame('protocol').onChange(event.target.value);
                  }}
                >
                  {PROTOCOLS.map((name) => (
                    <option key={name}>{name}</option>
                  ))}
                </select>
              </label>
              <Button
                kind="quiet"
                icon={<Trash2 size={15} aria-hidden />}
                onClick={() => {
                  onChange(withMember(checks, [index], undefined));
                }}
              >
                Remove
              </Button>
            </div>
            {protocol === 'COMMAND' ? (
              <TextField label="Command" {...frame('command', 'value')} />
            ) : (
              <div className={styles['row']}>
                <TextField label="Path" {...frame('path')} />
                <NumberField label="Port index" step={1} {...frame('portIndex')} />
                <NumberField label="Failures allowed" step={1} {...frame('maxConsecutiveFailures')} />
              </div>
            )}
            <div className={styles['row']}>
              <NumberField label="Interval (s)" step={1} {...frame('intervalSeconds')} />
              <NumberField label="Timeout (s)" step={1} {...frame('timeoutSeconds')} />
              <NumberField label="Grace period (s)" step={1} {...frame('gracePeriodSeconds')} />
            </div>
          </div>
        );
      })}
      <div>
        <Button
          kind="quiet"
          icon={<Plus size={15} aria-hidden />}
          onClick={() => {
            onChange([...checks.filter(isObject), FRESH]);
          }}
        >
          Add health check
        </Button>
      </div>
    </div>
  );
}
