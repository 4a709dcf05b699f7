"""marathon-python (Debian's python3-marathon), used as its documentation has it.

python3 marathon_python_client.py URL; prints a line of JSON for each step, and ends with 1 when one fails.
"""

import json
import sys
import threading
import time

from marathon import MarathonApp, MarathonClient, MarathonHttpError, NotFoundError
from marathon.models.app import MarathonHealthCheck
from marathon.models.constraint import MarathonConstraint
from marathon.models.group import MarathonGroup

client = MarathonClient(sys.argv[1])
SMALL = {"cmd": "exec sleep 1000", "cpus": 0.1, "mem": 32}


def tell(step, answer):
    print(json.dumps({"step": step, "answer": answer}), flush=True)


def settled():
    while client.list_deployments():
        time.sleep(0.025)


def until(probe):
    while True:
        answer = probe()
        if answer:
            return answer
        time.sleep(0.025)


events = []


def listen():
    for event in client.event_stream():
        events.append(event)


threading.Thread(target=listen, daemon=True).start()
until(lambda: events)

tell("ping", client.ping().decode())
tell("info", client.get_info().name)
tell("leader", sorted(client.get_leader()))
tell("metrics", "gauges" in client.get_metrics())
check = MarathonHealthCheck(protocol="TCP", port_index=0, interval_seconds=1, grace_period_seconds=300)
app = MarathonApp(
    labels={"tier": "web"},
    env={"A": "b"},
    constraints=[MarathonConstraint(field="hostname", operator="LIKE", value=".*")],
    **SMALL,
)
created = client.create_app("/python/web", app)
settled()
tell("create", [created.id, created.instances])
embeds = {
    "embed_" + name: True
    for name in ["tasks", "counts", "deployments", "readiness", "last_task_failure", "failures", "task_stats"]
}
[listed] = client.list_apps(label="tier==web", app_id="web", cmd="sleep", **embeds)
tell("list", [listed.id, listed.tasks_running, len(listed.tasks)])
got = client.get_app("/python/web", **embeds)
tell("get", [got.task_stats.total_summary.stats.counts.running, got.version_info.last_scaling_at is not None])
client.scale_app("/python/web", delta=1)
settled()
changed = client.get_app("/python/web")
changed.mem = 48
client.update_app("/python/web", changed, minimal=False)
settled()
client.update_app("/python/web", MarathonApp(health_checks=[]), minimal=True)
settled()
client.update_apps([MarathonApp(id="/python/web", mem=32)])
settled()
client.restart_app("/python/web")
settled()
tell("update", client.get_app("/python/web").mem)
tasks = until(lambda: [task for task in client.list_tasks("/python/web") if task.state == "TASK_RUNNING"])
tell("tasks", [len(tasks), tasks[0].started_at is not None, tasks[0].ip_addresses[0].protocol])
tell("all tasks", all(task.service_ports for task in client.list_tasks()))
tell("kill", client.kill_task("/python/web", tasks[0].id).id == tasks[0].id)
tell("kill given", client.kill_given_tasks([tasks[1].id], scale=True))
settled()
client.kill_tasks("/python/web", scale=True)
settled()
versions = client.list_versions("/python/web")
tell("version", client.get_version("/python/web", versions[-1]).instances)
client.rollback_app("/python/web", versions[-1])
settled()
tell("rolled back", client.get_app("/python/web").instances)
client.create_group(MarathonGroup(id="/python-group", apps=[MarathonApp(id="/python-group/a", **SMALL)]))
settled()
tell("groups", len(client.list_groups()) > 0)
client.scale_group("/python-group", 2)
settled()
tell("group", client.get_group("/python-group").apps[0].instances)
client.delete_group("/python-group")
settled()
try:
    client.create_app("/python/web", app)
except MarathonHttpError as error:
    tell("conflict", [error.status_code, error.error_message])
try:
    client.get_app("/nobody")
except NotFoundError as error:
    tell("missing", [error.status_code, error.error_message])
client.create_app("/python/huge", MarathonApp(cmd="sleep 1", cpus=500, mem=32))
[item] = until(
    lambda: [
        one
        for one in client.list_queue(embed_last_unused_offers=True)
        if one.processed_offers_summary["processedOffersCount"] > 0
    ]
)
tell("queue", [item.app.id, item.delay.overdue, len(item.last_unused_offers) > 0])
client.reset_delay("/python/huge")
[deployment] = client.list_deployments()
tell("deployment", [deployment.affected_apps, deployment.current_actions[0].action])
client.delete_deployment(deployment.id)
settled()
client.delete_app("/python/web")
settled()
tell("events", sorted({type(event).__name__ for event in events}))
tell("done", True)
