import { describe, expect, it } from 'vitest';
import { resolveServerConfig, serverOptions } from './server-config.ts';

describe('the settings of the platform', () => {
  it('have a flag and an environment variable each, by rule', () => {
    expect(serverOptions.find(({ name }) => name === 'stopTasksOnExit')).toMatchObject({
      flag: 'stop-tasks-on-exit',
      environment: 'STADION_STOP_TASKS_ON_EXIT',
      valueName: undefined,
      defaultValue: false,
    });
    for (const { description } of serverOptions) expect(description).not.toBe('');
  });

  it('are all defaults when nobody says anything; an empty variable says nothing', () => {
    expect(resolveServerConfig({ flags: {}, environment: { STADION_STORE: '' } })).toEqual({
      ok: true,
      config: {
        dataDir: './.stadion',
        orchestratorPort: 8080,
        masterPort: 5050,
        agentPort: 5051,
        bindAddress: '127.0.0.1',
        store: 'lmdb',
        zkSessionTimeout: 6,
        logLevel: 'info',
        drainSeconds: 10,
        edge: 'embedded',
        edgeAcmeChallenge: 'http-01',
        edgeAccessLogFormat: 'json',
        edgeDomain: 'localhost',
        edgeExposedByDefault: false,
        edgeGroups: 'external',
        edgeServicePorts: false,
        edgeTracesRatio: 1,
        edgeWorkers: 2,
        demo: false,
        hardCpuLimit: false,
        revocableCpus: 'off',
        dnsDomain: 'mesos',
        dnsWorkers: 0,
        stopTasksOnExit: false,
        tls: 'off',
      },
    });
  });

  it('are taken from flags before the environment before the file', () => {
    const file = { hostname: 'file', 'log-level': 'warn', resources: 'cpus:1', demo: true };
    const outcome = resolveServerConfig({
      flags: { hostname: 'flag' },
      environment: { STADION_HOSTNAME: 'environment', STADION_LOG_LEVEL: 'error', STADION_DEMO: 'no' },
      file,
    });
    expect(outcome).toMatchObject({
      ok: true,
      config: { hostname: 'flag', logLevel: 'error', resources: 'cpus:1', demo: false },
    });
  });

  it('are refused with one sentence for each that is wrong, naming where it was said', () => {
    const outcome = resolveServerConfig({
      flags: { masterPort: '-1', revocableCpus: 'lots' },
      environment: { STADION_LOG_LEVEL: 'loud', STADION_DEMO: 'perhaps' },
      file: { agentPort: 1.5, colour: 'red', hostname: '' },
    });
    expect(outcome).toEqual({
      ok: false,
      problems: [
        "the config file has an unknown setting 'colour'",
        '--master-port must be a whole number from 0 to 65535, not "-1"',
        "'agentPort' in the config file must be a whole number from 0 to 65535, not 1.5",
        '\'hostname\' in the config file must be a text that is not empty, not ""',
        '--revocable-cpus must be of the form auto|off|number, not "lots"',
        'STADION_LOG_LEVEL must be one of debug, info, warn, error, silent, not "loud"',
        'STADION_DEMO must be true or false, not "perhaps"',
      ],
    });
    expect(resolveServerConfig({ flags: {}, environment: {}, file: [] })).toMatchObject({ ok: false });
  });
});
