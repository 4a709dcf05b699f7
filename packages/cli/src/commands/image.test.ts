import { beforeEach, expect, it } from 'vitest';
import { EXIT } from '../exit-codes.ts';
import { FakePlatform } from '../testing/fake-platform.ts';
import { run, start } from '../testing/run.ts';
import { sampleSlave } from '../testing/samples.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
let platform: FakePlatform;
/** By agent: what its list says of the pull, one after the other. */
let told: Map<string, { state: string; message: string }[]>;

beforeEach(() => {
  platform = new FakePlatform();
  told = new Map();
  const slaves = ['n1', 'n2', 'n3'].map((hostname) => sampleSlave({ id: `agent-${hostname}`, hostname }));
  platform.handlers.set('listAgents', () => ({ body: { slaves } }));
  platform.handlers.set('pullAgentImage', ({ params, body }) => {
    const { image } = body as { image: string };
    if (params['agentId'] === 'agent-n3') return { status: 502, body: { message: 'The agent does not answer.' } };
    const pull = { image, containerizer: 'linux', state: 'PULLING', message: 'begun', startedAt: 0 };
    return { status: 202, body: pull };
  });
  platform.handlers.set('listAgentImages', ({ params }) => {
    const agent = params['agentId'] ?? '';
    if (agent === 'agent-n3') return { status: 502, body: { message: 'The agent does not answer.' } };
    const now = told.get(agent)?.shift();
    const images = [{ containerizer: 'linux', name: 'web:1', digest: DIGEST, bytes: 2_097_152, usedAt: 0 }];
    const pulls = now === undefined ? [] : [{ image: 'web:1', containerizer: 'linux', startedAt: 0, ...now }];
    return { body: { images: agent === 'agent-n1' ? images : [], pulls } };
  });
});

it('lists images by name and node', async () => {
  const { stdout, code } = await run(platform, ['image', 'list', '--nodes', 'n1,n2']);
  expect(stdout).toMatch(
    /IMAGE +NODE +FOR +SIZE +USED +DIGEST\nweb:1 +n1 +linux +2.0 MiB +\S+ +sha256:abababababab\n$/,
  );
  expect(code).toBe(EXIT.ok);
});

it('lists what can be had, and says which nodes do not answer', async () => {
  const { stdout, stderr, code } = await run(platform, ['image', 'list', '-q']);
  expect([stdout, code]).toEqual(['web:1\n', EXIT.error]);
  expect(stderr).toContain('n3: The agent does not answer.');
});

it('pulls on many nodes, shows how far each is, and fails when one of them does', async () => {
  told.set('agent-n1', [
    { state: 'PULLING', message: '1 of 3 MiB' },
    { state: 'PULLED', message: 'there' },
  ]);
  told.set('agent-n2', [{ state: 'FAILED', message: 'image-not-found: none' }]);
  const command = start(platform, ['image', 'pull', 'web:1']);
  while (command.code === undefined) await command.time.advance(1000);
  expect(command.stderr).toContain('n1: 1 of 3 MiB');
  expect(command.stdout).toBe('n2: image-not-found: none\nn3: The agent does not answer.\nweb:1 is on 1 of 3 nodes.\n');
  expect(command.code).toBe(EXIT.error);
});

it('pulls on some nodes, for one kind of containers, and stops waiting in time', async () => {
  told.set(
    'agent-n1',
    Array.from({ length: 100 }, () => ({ state: 'PULLING', message: 'slow' })),
  );
  const words = ['image', 'pull', 'web:1', '--nodes', 'n1', '--for', 'docker', '--force', '--timeout', '5s'];
  platform.handlers.set('pullAgentImage', ({ body }) => ({ status: 202, body: { ...(body as object), ...PULLING } }));
  const command = start(platform, words);
  while (command.code === undefined) await command.time.advance(1000);
  expect(command.code).toBe(EXIT.timeout);
  expect(command.stderr).toContain('1 of 1 nodes do not have web:1 yet');
  const sent = platform.requests.filter(({ route }) => route === 'pullAgentImage');
  expect(sent).toMatchObject([
    { params: { agentId: 'agent-n1' }, body: { image: 'web:1', containerizer: 'docker', force: true } },
  ]);
});

it('refuses a kind and a node that are none', async () => {
  expect((await run(platform, ['image', 'pull', 'web:1', '--for', 'posix'])).code).toBe(EXIT.usage);
  expect((await run(platform, ['image', 'pull', 'web:1', '--nodes', 'n9'])).stderr).toContain("There is no node 'n9'");
});

const PULLING = { image: 'web:1', containerizer: 'linux', state: 'PULLING', message: 'begun', startedAt: 0 };
