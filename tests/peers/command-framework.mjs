/**
 * A framework written with `mesos-framework` from npm, as its documentation has it: one command task.
 * node command-framework.mjs PORT NAME; prints a line of JSON for each event.
 */
import mesosFramework from 'mesos-framework';

const [port, name] = process.argv.slice(2);
const messages = mesosFramework.Mesos.getMesos();
const scheduler = new mesosFramework.Scheduler({
  masterUrl: '127.0.0.1',
  port: Number(port),
  frameworkName: name,
  logging: { level: 'error' },
  tasks: {
    sleeper: {
      priority: 1,
      instances: 2,
      commandInfo: new messages.CommandInfo(
        null,
        new messages.Environment([new messages.Environment.Variable('FROM', 'elsewhere')]),
        true,
        'echo "from $FROM"; sleep 300',
        null,
        null,
      ),
      resources: { cpus: 0.1, mem: 32, ports: 1, disk: 0 },
    },
  },
});

/** @param {string} event @param {unknown} [detail] */
function tell(event, detail) {
  process.stdout.write(`${JSON.stringify({ event, detail })}\n`);
}

scheduler.on('ready', () => {
  scheduler.subscribe();
});
scheduler.on('subscribed', ({ frameworkId }) => tell('subscribed', frameworkId));
scheduler.on('update', ({ status }) => tell('update', status.state));
scheduler.on('sent_acknowledge', () => tell('sent_acknowledge'));
scheduler.on('heartbeat', () => tell('heartbeat'));
scheduler.on('error', (error) => tell('error', String(error.message ?? error)));
