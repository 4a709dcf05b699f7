/**
 * Names of `/metrics/snapshot` that well-known exporters take for granted. mesos_exporter stops scraping for good at the first
 * of its names that is missing.
 */
const SPREAD = ['', '/min', '/max', '/p50', '/p90', '/p95', '/p99', '/p999', '/p9999'];

const both = (role: 'master' | 'slave'): string[] => [
  ...['cpus', 'mem', 'disk', 'gpus'].flatMap((name) =>
    ['total', 'used', 'percent', 'revocable_total', 'revocable_used', 'revocable_percent'].map(
      (what) => `${role}/${name}_${what}`,
    ),
  ),
  ...['error', 'failed', 'finished', 'killed', 'lost', 'running', 'staging', 'starting', 'killing'].map(
    (state) => `${role}/tasks_${state}`,
  ),
  `${role}/uptime_secs`,
  ...['cpus_total', 'load_1min', 'load_5min', 'load_15min', 'mem_free_bytes', 'mem_total_bytes'].map(
    (name) => `system/${name}`,
  ),
];

/** Of a master. */
export const MASTER_METRICS: readonly string[] = [
  ...both('master'),
  ...[
    'elected',
    'outstanding_offers',
    'slave_registrations',
    'slave_reregistrations',
    'slave_removals',
    'slave_shutdowns_scheduled',
    'slave_shutdowns_canceled',
    'slave_shutdowns_completed',
    'slaves_active',
    'slaves_inactive',
    'slaves_connected',
    'slaves_disconnected',
    'frameworks_active',
    'frameworks_inactive',
    'frameworks_disconnected',
    'valid_framework_to_executor_messages',
    'invalid_framework_to_executor_messages',
    'valid_executor_to_framework_messages',
    'invalid_executor_to_framework_messages',
    'valid_status_update_acknowledgements',
    'invalid_status_update_acknowledgements',
    'valid_status_updates',
    'invalid_status_updates',
    'valid_operation_status_update_acknowledgements',
    'invalid_operation_status_update_acknowledgements',
    'messages_authenticate',
    'messages_deactivate_framework',
    'messages_executor_to_framework',
    'messages_exited_executor',
    'messages_framework_to_executor',
    'messages_operation_status_update_acknowledgement',
    'messages_reconcile_operations',
    'messages_resource_request',
    'messages_update_slave',
    'event_queue_dispatches',
    'event_queue_http_requests',
    'event_queue_messages',
    'operator_event_stream_subscribers',
    'dropped_messages',
  ].map((name) => `master/${name}`),
  'allocator/mesos/allocation_runs',
  ...SPREAD.flatMap((part) => [
    `allocator/mesos/allocation_run_ms${part}`,
    `allocator/mesos/allocation_run_latency_ms${part}`,
    `registrar/state_store_ms${part}`,
  ]),
  ...['cpus', 'disk', 'mem'].flatMap((name) => [
    `allocator/mesos/resources/${name}/total`,
    `allocator/mesos/resources/${name}/offered_or_allocated`,
  ]),
  'registrar/queued_operations',
  'registrar/state_fetch_ms',
  'registrar/log/recovered',
];

/** Of an agent. */
export const AGENT_METRICS: readonly string[] = [
  ...both('slave'),
  ...[
    'registered',
    'recovery_errors',
    'frameworks_active',
    'container_launch_errors',
    'executor_directory_max_allowed_age_secs',
    'executors_registering',
    'executors_running',
    'executors_terminating',
    'executors_terminated',
    'executors_preempted',
    'valid_framework_messages',
    'invalid_framework_messages',
    'valid_status_updates',
    'invalid_status_updates',
  ].map((name) => `slave/${name}`),
  'containerizer/mesos/container_destroy_errors',
];
