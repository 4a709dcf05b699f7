/** Part of `stadion doctor`: how long the certificates that the platform's ports show are still good. */
import { plural } from '../core/why.ts';
import type { Session } from '../platform/session.ts';

/** A certificate of the cluster's own authority is renewed with ten days left: one with fewer is renewed by nobody. */
const WARN_MS = 9 * 86_400_000;
const DAY_MS = 86_400_000;
/** Agents that are looked at. */
const AGENTS_MAX = 50;

/** What was found; nothing where no port speaks TLS. */
export async function checkCertificates(
  session: Session,
): Promise<readonly { readonly result: 'ok' | 'warn' | 'fail'; readonly message: string }[]> {
  const { machine, time } = session;
  const now = time.now();
  const ends = await Promise.all(
    (await portsOf(session)).map(async ({ hostname, port }) => {
      const end = await machine.certificateEnd(hostname.replace(/^\[|\]$/g, ''), Number(port));
      return end === undefined ? [] : [{ where: `${hostname}:${port}`, left: end - now }];
    }),
  );
  const shown = ends.flat().sort((one, other) => one.left - other.left);
  if (shown.length === 0) return [];
  const soon = shown.filter(({ left }) => left < WARN_MS);
  if (soon.length === 0) {
    const days = Math.floor((shown[0]?.left ?? 0) / DAY_MS);
    return [
      { result: 'ok', message: `${plural(shown.length, 'port')} with TLS, good for ${plural(days, 'day')} and more` },
    ];
  }
  return soon.map(({ where, left }) => ({
    result: left <= 0 ? 'fail' : 'warn',
    message:
      left <= 0
        ? `that of ${where} has ended ${plural(Math.ceil(-left / DAY_MS), 'day')} ago: nobody else of the cluster takes it. ${ADVICE}`
        : `that of ${where} ends in ${plural(Math.floor(left / DAY_MS), 'day')}. ${ADVICE}`,
  }));
}

const ADVICE = 'Put a new one into its --tls-cert and --tls-key, or look into the log there why it was not renewed.';

/** Where the orchestrator, the master and the agents listen, as far as it can be found out. */
async function portsOf(session: Session): Promise<URL[]> {
  const urls = [(await session.locate()).url];
  try {
    const master = await session.master();
    urls.push(master.baseUrl);
    const { slaves } = await master.slaves();
    for (const { pid } of slaves.slice(0, AGENTS_MAX)) urls.push(`http://${pid.slice(pid.indexOf('@') + 1)}`);
  } catch {
    // Told by another check.
  }
  return urls.filter((url) => URL.canParse(url)).map((url) => new URL(url));
}
