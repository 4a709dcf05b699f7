/** `stadion events`: what happens, as it happens. */
import type { OrchestratorEvent } from '@stadion/contract/orchestrator';
import { safeText } from '../core/safe-text.ts';
import { EXIT } from '../exit-codes.ts';
import type { CommandSpec } from './command.ts';

/** The command. */
export const eventsCommands: readonly CommandSpec[] = [
  {
    path: 'events',
    summary: 'follow what happens until Ctrl-C; there is no history',
    options: [
      { flags: '-f, --follow', description: 'what it does anyway' },
      { flags: '-t, --type <types>', description: 'only these types, separated by commas' },
    ],
    examples: ['stadion events -f', 'stadion events -t deployment_success,deployment_failed -o json'],
    async run(call) {
      const { printer, ports } = call.session;
      const client = await call.session.orchestrator();
      const signal = ports.interruption();
      const types = call.text('type')?.split(',') as OrchestratorEvent['eventType'][] | undefined;
      try {
        const events = await client.events({ signal, ...(types === undefined ? {} : { types }) });
        for await (const event of events) {
          printer.item(event, () => eventLine(event, (text) => printer.paint('heading', text)));
        }
      } catch (error) {
        // Ctrl-C is how one ends this.
        if (!signal.aborted) throw error;
        return EXIT.ok;
      }
      printer.remark('The orchestrator has closed the stream.');
      return EXIT.error;
    },
  },
];

/** Members that say nothing to a person, or are far too long. */
const LEFT_OUT = new Set([
  'eventType',
  'timestamp',
  'plan',
  'appDefinition',
  'currentStep',
  'healthCheck',
  'ipAddresses',
]);

function eventLine(event: OrchestratorEvent, emphasize: (text: string) => string): string {
  const facts = Object.entries(event)
    .filter(([name, value]) => !LEFT_OUT.has(name) && value !== '' && value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  if ('plan' in event) facts.unshift(`deployment=${event.plan.id}`);
  return `${safeText(event.timestamp)} ${emphasize(safeText(event.eventType))} ${safeText(facts.join(' '))}`;
}
