/** `/v2/info`, `/v2/leader` and `/ping`, with every name that Marathon gives. */
import { hostPort } from '@stadion/base';
import { openApiDocument } from '@stadion/contract/openapi';
import type { OwnPermissions } from '@stadion/contract/orchestrator-extensions';
import { PERMISSIONS } from '@stadion/contract/permissions';
import { failure, json, type Answer, type Call } from './answer.ts';
import { ABDICATION_MS } from './limits.ts';
import { standardServicePorts } from '../core/app/service-ports.ts';
import { standardDefaults } from '../core/app/spec.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { wantsExtensions } from './query.ts';

/** The dialect that we speak: clients choose theirs by it. */
const MARATHON_VERSION = '1.11.24';

/** What everybody may do where nobody is known by name. */
const EVERYTHING: OwnPermissions = { grants: [{ permissions: [...PERMISSIONS], path: '/' }] };

/** Names of `marathon_config`, all of which are always present. */
const CONFIG_NAMES = [
  'access_control_allow_origin',
  'checkpoint',
  'decline_offer_duration',
  'default_network_name',
  'env_vars_prefix',
  'executor',
  'failover_timeout',
  'features',
  'framework_name',
  'ha',
  'hostname',
  'launch_token',
  'launch_token_refresh_interval',
  'leader_proxy_connection_timeout_ms',
  'leader_proxy_read_timeout_ms',
  'local_port_max',
  'local_port_min',
  'maintenance_mode',
  'master',
  'max_instances_per_offer',
  'mesos_bridge_name',
  'mesos_heartbeat_failure_threshold',
  'mesos_heartbeat_interval',
  'mesos_leader_ui_url',
  'mesos_role',
  'mesos_user',
  'min_revive_offers_interval',
  'new_group_enforce_role',
  'offer_matching_timeout',
  'on_elected_prepare_timeout',
  'reconciliation_initial_delay',
  'reconciliation_interval',
  'scale_apps_initial_delay',
  'scale_apps_interval',
  'store_cache',
  'task_launch_confirm_timeout',
  'task_launch_timeout',
  'task_lost_expunge_initial_delay',
  'task_lost_expunge_interval',
  'task_reservation_timeout',
  'webui_url',
] as const;

const ZOOKEEPER_NAMES = [
  'zk',
  'zk_compression',
  'zk_compression_threshold',
  'zk_connection_timeout',
  'zk_max_node_size',
  'zk_max_versions',
  'zk_session_timeout',
  'zk_timeout',
] as const;

/** Handlers about the orchestrator itself. */
export function systemHandlers({
  engine,
  options,
}: HandlerContext): Pick<
  Handlers,
  'info' | 'getLeader' | 'ping' | 'abdicate' | 'ownPermissions' | 'listPlugins' | 'config' | 'openApi'
> {
  /** Made when somebody first asks: it says the same for ever. */
  let description: Answer | undefined;
  return {
    openApi: () => (description ??= json(200, openApiDocument())),
    abdicate: (call) => abdicate(options, call),
    ownPermissions: async ({ request }) =>
      json(200, (await options.permissionsOf?.(request.headers.authorization)) ?? EVERYTHING),
    listPlugins: () => json(200, { plugins: [] }),
    config: () => json(200, marathonConfig({ engine, options })),
    info: (call) => {
      const name = options.info?.clusterName;
      // Marathon has no name for a cluster: only those who ask for more than it has are told.
      const more = name !== undefined && wantsExtensions(call) ? { cluster_name: name } : {};
      return json(200, { ...info({ engine, options }), ...more });
    },
    getLeader() {
      const leader = options.leader();
      return leader === undefined ? failure(404, { message: 'There is no leader' }) : json(200, { leader });
    },
    ping({ request }) {
      const accept = request.headers.accept ?? '*/*';
      if (/text\/(?:plain|\*)|\*\/\*/.test(accept)) {
        return { status: 200, body: { kind: 'text', text: 'pong', contentType: 'text/plain; charset=utf-8' } };
      }
      return accept.includes('application/json') ? json(200, 'pong') : { status: 204, body: { kind: 'none' } };
    },
  };
}

/** Marathon's process goes half a second after its answer, so that the answer arrives. */
function abdicate({ abdicate: stepDown, leader, time }: HandlerContext['options'], { query }: Call): Answer {
  if (leader() === undefined) return failure(404, { message: 'There is no leader' });
  if (query.has('backup') || query.has('restore')) {
    const message =
      'Backing up and restoring are commands here: stadion backup create FILE, stadion backup restore FILE.';
    return failure(400, { message });
  }
  if (stepDown === undefined) {
    return failure(503, { message: 'No other server could take over, so this one stays the leader.' });
  }
  time.after(ABDICATION_MS, stepDown);
  return json(200, { message: 'Leadership abdicated' });
}

function info({ engine, options }: Pick<HandlerContext, 'engine' | 'options'>): object {
  const leader = options.leader();
  return {
    name: 'marathon',
    version: options.info?.version ?? MARATHON_VERSION,
    buildref: options.info?.buildref ?? 'stadion',
    elected: leader !== undefined,
    leader: leader ?? null,
    frameworkId: engine.view.frameworkId ?? null,
    marathon_config: marathonConfig({ engine, options }),
    zookeeper_config: { ...nulls(ZOOKEEPER_NAMES), ...options.info?.zookeeperConfig },
    http_config: { http_port: null, https_port: null, ...options.info?.httpConfig },
  };
}

function marathonConfig({
  engine,
  options,
}: Pick<HandlerContext, 'engine' | 'options'>): Readonly<Record<string, unknown>> {
  const defaults = options.defaults ?? standardDefaults;
  const ports = options.servicePorts ?? standardServicePorts;
  const [hostname = null] = options.leader()?.split(':') ?? [];
  return {
    ...nulls(CONFIG_NAMES),
    access_control_allow_origin: (options.corsOrigins ?? []).length > 0 ? options.corsOrigins : null,
    checkpoint: true,
    executor: '//cmd',
    default_network_name: defaults.networkName ?? null,
    features: [...defaults.features].sort(),
    framework_name: 'marathon',
    ha: true,
    maintenance_mode: true,
    hostname,
    local_port_max: ports.max,
    local_port_min: ports.min,
    master: masterAddress(engine.view.master),
    mesos_role: defaults.role,
    new_group_enforce_role: 'off',
    ...options.info?.marathonConfig,
  };
}

function masterAddress(master: HandlerContext['engine']['view']['master']): string | null {
  if (master === undefined) return null;
  return hostPort(master.address.hostname, master.address.port);
}

function nulls(names: readonly string[]): Readonly<Record<string, null>> {
  return Object.fromEntries(names.map((name) => [name, null]));
}
