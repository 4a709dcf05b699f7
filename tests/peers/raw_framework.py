"""A framework of somebody else in plain Python: its own sockets, RecordIO and protobuf, by Mesos's published numbers.

Plays a naive and a hostile one in turn against a master, and prints a line for each thing that is not as Mesos has it.
Usage: raw_framework.py MASTER_HOST MASTER_PORT
"""

import base64
import json
import socket
import struct
import sys
import time

HOST, PORT = sys.argv[1], int(sys.argv[2])
PATIENCE_S = 20
differences = []


def expect(what, got, wanted):
    if got != wanted:
        differences.append(what)
        print('DIFFERS %s: %r, not %r' % (what, got, wanted), flush=True)


def request(body, headers, path='/api/v1/scheduler', method='POST'):
    """Sends a request over a connection of its own. Returns the socket and what was read beyond the head, with the head."""
    connection = socket.create_connection((HOST, PORT), timeout=PATIENCE_S)
    head = '%s %s HTTP/1.1\r\nHost: %s:%d\r\nContent-Length: %d\r\n' % (method, path, HOST, PORT, len(body))
    head += ''.join('%s: %s\r\n' % pair for pair in headers.items()) + '\r\n'
    connection.sendall(head.encode() + body)
    data = b''
    while b'\r\n\r\n' not in data:
        more = connection.recv(65536)
        if more == b'':
            raise RuntimeError('the connection ended before an answer')
        data += more
    top, rest = data.split(b'\r\n\r\n', 1)
    lines = top.decode().split('\r\n')
    fields = {name.strip().lower(): value.strip() for name, value in (line.split(':', 1) for line in lines[1:])}
    return connection, int(lines[0].split(' ')[1]), fields, rest


def post(message, headers=None, path='/api/v1/scheduler', method='POST', raw=None):
    """One call in JSON. Returns its status and the text of the answer."""
    body = raw if raw is not None else json.dumps(message).encode()
    headers = {'Content-Type': 'application/json', 'Connection': 'close', **(headers or {})}
    connection, status, _fields, rest = request(body, {k: v for k, v in headers.items() if v is not None}, path, method)
    while True:
        more = connection.recv(65536)
        if more == b'':
            break
        rest += more
    connection.close()
    return status, rest.decode(errors='replace')


class Stream:
    """The events of a subscription, taken out of chunks and records byte by byte."""

    def __init__(self, body, content_type='application/json', accept='application/json'):
        headers = {'Content-Type': content_type}
        if accept is not None:
            headers['Accept'] = accept
        self.connection, self.status, self.fields, self.rest = request(body, headers)
        self.stream_id = self.fields.get('mesos-stream-id')
        self.body = b''
        self.events = []
        self.ended = False
        self.decode = decode_event if accept == 'application/x-protobuf' else json.loads
        self.parse()

    def read(self):
        """Waits for more."""
        try:
            more = self.connection.recv(65536)
        except socket.timeout:
            raise RuntimeError('nothing came for %d s; heard %r' % (PATIENCE_S, self.events[-3:]))
        if more == b'':
            self.ended = True
        self.rest += more
        self.parse()

    def parse(self):
        while b'\r\n' in self.rest:
            size, after = self.rest.split(b'\r\n', 1)
            length = int(size, 16)
            if len(after) < length + 2:
                break
            self.body += after[:length]
            self.rest = after[length + 2:]
            if length == 0:
                self.ended = True
        while b'\n' in self.body:
            size, after = self.body.split(b'\n', 1)
            if len(after) < int(size):
                break
            self.events.append(self.decode(after[:int(size)]))
            self.body = after[int(size):]

    def await_(self, what, find):
        """The first event that `find` is true of, those that came before included."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            for event in self.events:
                if find(event):
                    return event
            if self.ended:
                break
            self.read()
        raise RuntimeError('%s did not come; heard %r' % (what, [e for e in self.events if e['type'] not in ('HEARTBEAT', 'OFFERS')][-3:]))

    def close(self):
        self.connection.close()


class Framework:
    def __init__(self, **info):
        self.info = {'user': '', 'name': 'raw', **info}
        self.stream = None
        self.id = None

    def subscribe(self, extra=None):
        info = dict(self.info)
        call = {'type': 'SUBSCRIBE', 'subscribe': {'framework_info': info, **(extra or {})}}
        if self.id is not None:
            info['id'] = call['framework_id'] = {'value': self.id}
        self.stream = Stream(json.dumps(call).encode())
        expect('status of SUBSCRIBE', self.stream.status, 200)
        first = self.stream.await_('SUBSCRIBED', lambda event: event['type'] in ('SUBSCRIBED', 'ERROR'))
        if first['type'] == 'SUBSCRIBED':
            self.id = first['subscribed']['framework_id']['value']
        return first

    def call(self, kind, content=None, **headers):
        message = {'type': kind, 'framework_id': {'value': self.id}}
        if content is not None:
            message[kind.lower()] = content
        return post(message, {'Mesos-Stream-Id': self.stream.stream_id, **headers})

    def offers(self):
        """Offers that nobody has answered or taken back, newest last."""
        gone = {event['rescind']['offer_id']['value'] for event in self.stream.events if event['type'] == 'RESCIND'}
        told = [offer for event in self.stream.events if event['type'] == 'OFFERS' for offer in event['offers']['offers']]
        return [offer for offer in told if offer['id']['value'] not in gone | self.used]

    used = frozenset()

    def offer(self):
        self.stream.await_('an offer', lambda _event: len(self.offers()) > 0)
        chosen = self.offers()[-1]
        self.used = self.used | {chosen['id']['value']}
        return chosen

    def accept(self, operations, offer=None, **more):
        offer = offer or self.offer()
        expect('ACCEPT', self.call('ACCEPT', {'offer_ids': [offer['id']], 'operations': operations, **more})[0], 202)
        return offer

    acknowledged = frozenset()

    def acknowledge(self, status):
        uuid = status.get('uuid')
        if uuid is None or uuid in self.acknowledged:
            return
        self.acknowledged = self.acknowledged | {uuid}
        content = {'agent_id': status['agent_id'], 'task_id': status['task_id'], 'uuid': uuid}
        expect('ACKNOWLEDGE', self.call('ACKNOWLEDGE', content)[0], 202)

    def update(self, task, state):
        """Waits for a state of a task, and acknowledges all that is heard of it until then: one is told at a time."""
        def is_it(event):
            status = event.get('update', {}).get('status', {})
            if event['type'] != 'UPDATE' or status['task_id']['value'] != task:
                return False
            self.acknowledge(status)
            return status['state'] == state
        return self.stream.await_('%s of %s' % (state, task), is_it)['update']['status']

    def operation(self, name):
        def is_it(event):
            kind = 'UPDATE_OPERATION_STATUS'
            return event['type'] == kind and event[kind.lower()]['status'].get('operation_id', {}).get('value') == name
        return self.stream.await_('the end of %s' % name, is_it)['update_operation_status']['status']


def scalar(name, value, **more):
    return {'name': name, 'type': 'SCALAR', 'scalar': {'value': value}, **more}


def task(name, agent, **more):
    resources = [scalar('cpus', 0.1), scalar('mem', 16)]
    base = {'name': name, 'task_id': {'value': name}, 'agent_id': agent, 'resources': resources}
    return {**base, 'command': {'value': 'sleep 1000'}, **more}


def launch(*tasks):
    return {'type': 'LAUNCH', 'launch': {'task_infos': list(tasks)}}


# --- Protobuf by hand: field numbers of mesos.v1 -----------------------------------------------------------------------


def varint(value):
    out = b''
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack('<d', value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def fields_of(data):
    """All fields of a message, by number."""
    found, at = {}, 0

    def read_varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        key = read_varint()
        kind = key & 7
        if kind == 0:
            value = read_varint()
        else:
            length = 8 if kind == 1 else 4 if kind == 5 else read_varint()
            value = data[at:at + length]
            at += length
        found.setdefault(key >> 3, []).append(value)
    return found


EVENTS = {1: 'SUBSCRIBED', 2: 'OFFERS', 3: 'RESCIND', 4: 'UPDATE', 5: 'MESSAGE', 6: 'FAILURE', 7: 'ERROR', 8: 'HEARTBEAT'}


def decode_event(data):
    fields = fields_of(data)
    return {'type': EVENTS.get(fields[1][0]), 'fields': fields}


def inner(fields, *numbers):
    """A member of a member …, each the first of its number."""
    for number in numbers[:-1]:
        fields = fields_of(fields[number][0])
    return fields.get(numbers[-1], [None])[0]


# --- The plays ---------------------------------------------------------------------------------------------------------


def play_naive():
    """Subscribes, launches with every leniency, declines, revives by role, comes back under its id, and ends itself."""
    naive = Framework(failover_timeout='600', checkpoint='true', capabilities={'type': 'PARTITION_AWARE'}, unknown={'a': 1})
    first = naive.subscribe()['subscribed']
    expect('heartbeats', 0 < first['heartbeat_interval_seconds'] <= 15, True)
    expect('MasterInfo', sorted(set(first['master_info']) & {'id', 'ip', 'port', 'address'}), ['address', 'id', 'ip', 'port'])
    naive.stream.await_('HEARTBEAT', lambda event: event['type'] == 'HEARTBEAT')
    offer = naive.offer()
    expect('url of an offer', (offer['url']['scheme'], offer['url']['path']), ('http', '/slave(1)'))
    agent = offer['agent_id']
    lenient = {
        'name': 'lenient', 'task_id': {'value': 'lenient'}, 'agent_id': agent, 'executor': None, 'labels': None,
        'resources': [scalar('cpus', '0.1'), {**scalar('mem', 16), 'role': '*', 'unheard': []}],
        'command': {'value': '/bin/sleep', 'shell': 'false', 'arguments': ['sleep', '1000'], 'environment': {'variables': {'name': 'A', 'value': 'b'}}},
        'kill_policy': {'grace_period': {'nanoseconds': '1000000000'}},
    }
    # A bare object stands for a list of one.
    naive.accept({'type': 'LAUNCH', 'launch': {'task_infos': lenient}, 'launch_group': None}, offer, filters={'refuse_seconds': '0'})
    running = naive.update('lenient', 'TASK_RUNNING')
    expect('uuid of an update', len(base64.b64decode(running['uuid'])), 16)
    expect('RECONCILE', naive.call('RECONCILE', {})[0], 202)
    known = naive.stream.await_('an answer', lambda e: e.get('update', {}).get('status', {}).get('reason') == 'REASON_RECONCILIATION')
    expect('an answer to reconciliation', ('uuid' in known['update']['status'], known['update']['status']['source']), (False, 'SOURCE_MASTER'))
    nobody = {'task_id': {'value': 'nobody'}}
    naive.call('RECONCILE', {'tasks': nobody})
    naive.update('nobody', 'TASK_UNKNOWN')
    naive.call('RECONCILE', {'tasks': [{**nobody, 'agent_id': agent}]})
    naive.update('nobody', 'TASK_GONE')
    expect('DECLINE', naive.call('DECLINE', {'offer_ids': [naive.offer()['id']], 'filters': {'refuse_seconds': 3600}})[0], 202)
    for kind in ('SUPPRESS', 'REVIVE'):
        expect(kind, naive.call(kind)[0], 202)
    naive.offer()
    expect('REQUEST', naive.call('REQUEST', {'requests': []})[0], 202)
    old = naive.stream
    naive.subscribe()
    expect('the stream before is told', old.await_('ERROR', lambda event: event['type'] == 'ERROR')['error']['message'], 'Framework failed over')
    while not old.ended:
        old.read()
    expect('a call over the stream before', post({'type': 'REVIVE', 'framework_id': {'value': naive.id}}, {'Mesos-Stream-Id': old.stream_id})[0], 400)
    expect('KILL', naive.call('KILL', {'task_id': {'value': 'lenient'}})[0], 202)
    expect('the end', naive.update('lenient', 'TASK_KILLED')['source'] in ('SOURCE_EXECUTOR', 'SOURCE_AGENT'), True)
    expect('TEARDOWN', naive.call('TEARDOWN')[0], 202)
    while not naive.stream.ended:
        naive.stream.read()
    expect('a framework that was removed', naive.subscribe()['error']['message'], 'Framework has been removed')


def play_operations():
    """Every operation, those that cannot be among them."""
    role = 'raw'
    keeper = Framework(roles=[role], capabilities=[{'type': kind} for kind in ('MULTI_ROLE', 'RESERVATION_REFINEMENT', 'PARTITION_AWARE')])
    keeper.subscribe()
    reserved = [{'type': 'DYNAMIC', 'role': role}]
    disk = scalar('disk', 8, reservations=reserved)
    volume = {**disk, 'disk': {'persistence': {'id': 'v%d' % time.time()}, 'volume': {'mode': 'RW', 'container_path': 'data'}}}
    more = {**disk, 'scalar': {'value': 4}}
    grown = {**volume, 'scalar': {'value': 12}}

    def operation(name, **content):
        kind = name.upper()
        return {'type': kind, 'id': {'value': name}, **content}

    def ends(name, state):
        status = keeper.operation(name)
        expect(name, (status['state'], status.get('message') if status['state'] != state else None), (state, None))
        if 'uuid' in status:
            content = {'agent_id': status['agent_id'], 'operation_id': {'value': name}, 'uuid': status['uuid']['value']}
            expect('ACKNOWLEDGE_OPERATION_STATUS', keeper.call('ACKNOWLEDGE_OPERATION_STATUS', content)[0], 202)
        return status

    offer = keeper.offer()
    agent = offer['agent_id']
    keeper.accept([
        operation('reserve', reserve={'resources': [disk, more]}),
        operation('create', create={'volumes': [volume]}),
        {'type': 'LAUNCH', 'launch': {'task_infos': [task('on-volume', agent, resources=[scalar('cpus', 0.1), scalar('mem', 16), volume])]}},
        operation('create_disk', create_disk={'source': disk, 'target_type': 'MOUNT'}),
        operation('destroy_disk', destroy_disk={'source': disk}),
        operation('destroy', destroy={'volumes': [volume]}),
    ], offer, filters={'refuse_seconds': 0})
    for name in ('reserve', 'create'):
        ends(name, 'OPERATION_FINISHED')
    for name in ('create_disk', 'destroy_disk', 'destroy'):
        expect('message of %s' % name, ends(name, 'OPERATION_ERROR').get('message', '') != '', True)
    keeper.update('on-volume', 'TASK_RUNNING')
    keeper.call('KILL', {'task_id': {'value': 'on-volume'}})
    keeper.update('on-volume', 'TASK_KILLED')

    def has_volume(offer):
        return any('persistence' in each.get('disk', {}) for each in offer['resources'])

    def use(*operations):
        while True:
            offer = keeper.offer()
            if has_volume(offer):
                return keeper.accept(list(operations), offer, filters={'refuse_seconds': 0})
            keeper.call('DECLINE', {'offer_ids': [offer['id']], 'filters': {'refuse_seconds': 0}})

    use(operation('grow_volume', grow_volume={'volume': volume, 'addition': more}))
    ends('grow_volume', 'OPERATION_FINISHED')
    use(operation('shrink_volume', shrink_volume={'volume': grown, 'subtract': {'value': 4}}))
    ends('shrink_volume', 'OPERATION_FINISHED')
    use({**operation('destroy', destroy={'volumes': [volume]}), 'id': {'value': 'destroy-2'}}, operation('unreserve', unreserve={'resources': [disk, more]}))
    ends('destroy-2', 'OPERATION_FINISHED')
    ends('unreserve', 'OPERATION_FINISHED')
    expect('RECONCILE_OPERATIONS', keeper.call('RECONCILE_OPERATIONS', {'operations': [{'operation_id': {'value': 'never'}}]})[0], 202)
    expect('an operation of nobody', keeper.operation('never')['state'], 'OPERATION_UNKNOWN')
    keeper.call('TEARDOWN')


def play_maintenance():
    """Is asked to leave a machine, says yes and no."""
    guest = Framework(capabilities=[{'type': 'PARTITION_AWARE'}])
    guest.subscribe()
    offer = guest.offer()
    guest.accept([launch(task('guest', offer['agent_id']))], offer, filters={'refuse_seconds': 0})
    guest.update('guest', 'TASK_RUNNING')
    address = offer['url']['address']
    machine = {'hostname': address['hostname'], 'ip': address['ip']}
    start = {'nanoseconds': (int(time.time()) + 3600) * 10**9}
    window = {'machine_ids': [machine], 'unavailability': {'start': start, 'duration': {'nanoseconds': 60 * 10**9}}}

    def schedule(windows):
        call = {'type': 'UPDATE_MAINTENANCE_SCHEDULE', 'update_maintenance_schedule': {'schedule': {'windows': windows}}}
        expect('a schedule', post(call, path='/api/v1')[0], 200)

    def answer():
        status = json.loads(plain('GET_MAINTENANCE_STATUS'))
        machines = status['get_maintenance_status']['status']['draining_machines']
        return [each['status'] for each in machines[0]['statuses'] if each['framework_id']['value'] == guest.id]

    schedule([window])
    seen = set()
    for kind, noted in (('DECLINE_INVERSE_OFFERS', 'DECLINE'), ('ACCEPT_INVERSE_OFFERS', 'ACCEPT')):
        def fresh(event):
            offers = event.get('inverse_offers', {}).get('inverse_offers', [])
            return any(each['id']['value'] not in seen for each in offers)
        event = guest.stream.await_('an inverse offer', fresh)
        inverse = [each for each in event['inverse_offers']['inverse_offers'] if each['id']['value'] not in seen][0]
        expect('an inverse offer', inverse['unavailability']['start'], start)
        seen.add(inverse['id']['value'])
        expect(kind, guest.call(kind, {'inverse_offer_ids': [inverse['id']], 'filters': {'refuse_seconds': 0}})[0], 202)
        expect('what %s says' % noted, answer(), [noted])
    schedule([])
    guest.call('TEARDOWN')


def plain(kind):
    """The body of an operator's reading call, without its chunks."""
    connection, _status, fields, rest = request(json.dumps({'type': kind}).encode(), {'Content-Type': 'application/json', 'Connection': 'close'}, '/api/v1')
    while True:
        more = connection.recv(65536)
        if more == b'':
            break
        rest += more
    if fields.get('transfer-encoding') != 'chunked':
        return rest.decode()
    body = b''
    while rest:
        size, rest = rest.split(b'\r\n', 1)
        body += rest[:int(size, 16)]
        rest = rest[int(size, 16) + 2:]
    return body.decode()


def play_hostile():
    """Wrong media types, streams, ids and tasks."""
    subscribe = {'type': 'SUBSCRIBE', 'subscribe': {'framework_info': {'user': '', 'name': 'x'}}}
    for what, status, arguments in (
        ('GET', 405, {'message': subscribe, 'method': 'GET'}),
        ('no content type', 400, {'message': subscribe, 'headers': {'Content-Type': None}}),
        ('another content type', 415, {'message': subscribe, 'headers': {'Content-Type': 'text/plain'}}),
        ('no JSON', 400, {'message': None, 'raw': b'{"type":'}),
        ('no message', 400, {'message': None, 'raw': b''}),
        ('a list', 400, {'message': [subscribe]}),
        ('no type', 400, {'message': {}}),
        ('a type of nobody', 501, {'message': {'type': 'FLY'}}),
        ('UNKNOWN', 501, {'message': {'type': 'UNKNOWN'}}),
        ('no info', 400, {'message': {'type': 'SUBSCRIBE'}}),
        ('an info without a name', 400, {'message': {'type': 'SUBSCRIBE', 'subscribe': {'framework_info': {'user': ''}}}}),
        ('two ids', 400, {'message': {**subscribe, 'framework_id': {'value': 'a'}}}),
        ('a stream of its own', 400, {'message': subscribe, 'headers': {'Mesos-Stream-Id': 'a'}}),
        ('no answer that can be', 406, {'message': subscribe, 'headers': {'Accept': 'text/html'}}),
        ('a framework of nobody', 400, {'message': {'type': 'REVIVE', 'framework_id': {'value': 'nobody'}}}),
        ('no framework', 400, {'message': {'type': 'REVIVE'}}),
    ):
        expect(what, post(**arguments)[0], status)
    for what, info in (
        ('a role that is none', {'role': 'a b'}),
        ('roles without MULTI_ROLE', {'roles': ['a', 'b']}),
        ('a role with MULTI_ROLE', {'role': 'a', 'capabilities': [{'type': 'MULTI_ROLE'}]}),
        ('a role twice', {'roles': ['a', 'a'], 'capabilities': [{'type': 'MULTI_ROLE'}]}),
        ('an id with a slash', {'id': {'value': 'a/b'}}),
    ):
        wrong = Framework(**info)
        wrong.id = info.get('id', {}).get('value')
        expect(what, wrong.subscribe()['type'], 'ERROR')
        wrong.stream.close()
    hostile = Framework(name='hostile', capabilities=[{'type': 'PARTITION_AWARE'}, {'type': 'FROM_THE_FUTURE'}])
    hostile.subscribe()
    expect('no stream id', post({'type': 'REVIVE', 'framework_id': {'value': hostile.id}})[0], 400)
    expect('a short uuid', hostile.call('ACKNOWLEDGE', {'agent_id': {'value': 'a'}, 'task_id': {'value': 't'}, 'uuid': 'AAAA'})[0], 400)
    expect('another principal', hostile.call('UPDATE_FRAMEWORK', {'framework_info': {**hostile.info, 'id': {'value': hostile.id}, 'principal': 'x'}})[0], 400)
    expect('DECLINE of nothing', hostile.call('DECLINE', {'offer_ids': [{'value': 'never'}]})[0], 202)
    offer = hostile.offer()
    agent = offer['agent_id']
    lost = task('lost', agent)
    expect('an offer of nobody', hostile.call('ACCEPT', {'offer_ids': [{'value': 'never'}], 'operations': [launch(lost)]})[0], 202)
    expect('a task on an offer of nobody', hostile.update('lost', 'TASK_DROPPED')['reason'], 'REASON_INVALID_OFFERS')
    tasks = {
        'no-agent': task('no-agent', {'value': 'elsewhere'}),
        'no-resources': task('no-resources', agent, resources=[]),
        'too-much': task('too-much', agent, resources=[scalar('cpus', 100000), scalar('mem', 16)]),
        'negative': task('negative', agent, resources=[scalar('cpus', -1), scalar('mem', 16)]),
        'lent': task('lent', agent, resources=[scalar('cpus', 0.1, revocable={}), scalar('mem', 16)]),
        'reserved': task('reserved', agent, resources=[scalar('cpus', 0.1, reservations=[{'type': 'STATIC', 'role': 'x'}]), scalar('mem', 16)]),
        'grace': task('grace', agent, kill_policy={'grace_period': {'nanoseconds': -1}}),
        'two-to-run': task('two-to-run', agent, executor={'type': 'CUSTOM', 'executor_id': {'value': 'e'}, 'command': {'value': 'x'}}),
        'limits': task('limits', agent, limits={'cpus': {'value': 'Infinity'}}),
        'a/b': task('a/b', agent),
        '..': task('..', agent),
    }
    twice = [task('twice', agent), task('twice', agent)]
    hostile.accept([launch(*tasks.values(), *twice), {**launch(task('named', agent)), 'id': {'value': 'n'}}], offer, filters={'refuse_seconds': -1})
    for name in [*tasks, 'twice', 'named']:
        status = hostile.update(name, 'TASK_ERROR')
        expect('a task that is wrong: %s' % name, (status['reason'], 'uuid' in status), ('REASON_TASK_INVALID', False))
    hostile.update('twice', 'TASK_RUNNING')
    hostile.call('TEARDOWN')


def play_protobuf():
    """The same in bytes: subscribes, launches a program without a shell, acknowledges."""
    media = 'application/x-protobuf'
    info = field(1, '') + field(2, 'raw-bytes') + field(10, field(1, 5))
    stream = Stream(field(2, 1) + field(3, field(1, info)), media, media)
    expect('form of the stream', stream.fields.get('content-type'), media)
    subscribed = stream.await_('SUBSCRIBED', lambda event: event['type'] == 'SUBSCRIBED')['fields']
    framework = inner(subscribed, 2, 1, 1).decode()
    headers = {'Content-Type': media, 'Connection': 'close', 'Mesos-Stream-Id': stream.stream_id}

    def call(kind, content=b''):
        body = field(1, field(1, framework)) + field(2, kind) + content
        connection, status, _fields, _rest = request(body, headers)
        connection.close()
        return status

    offered = stream.await_('OFFERS', lambda event: event['type'] == 'OFFERS')['fields']
    offer = fields_of(inner(offered, 3, 1))
    offer_id, agent_id = offer[1][0], offer[3][0]
    amounts = [field(4, field(1, name) + field(2, 0) + field(3, field(1, value))) for name, value in (('cpus', 0.1), ('mem', 16.0))]
    # `shell` is false: `arguments` are those of the program, and a shell would not find it.
    command = field(3, '/bin/sh') + field(6, 0) + field(7, 'sh') + field(7, '-c') + field(7, 'exit 3')
    info = field(1, 'bytes') + field(2, field(1, 'bytes')) + field(3, agent_id) + b''.join(amounts) + field(7, command)
    operation = field(1, 1) + field(2, field(1, info))
    expect('ACCEPT in protobuf', call(3, field(4, field(1, offer_id) + field(2, operation))), 202)

    def is_over(event):
        if event['type'] != 'UPDATE':
            return False
        status = fields_of(inner(event['fields'], 5, 1))
        expect('source of an update', 9 in status, True)
        uuid = status.get(11)
        if uuid is not None and uuid[0] not in acknowledged:
            acknowledged.add(uuid[0])
            expect('ACKNOWLEDGE in protobuf', call(8, field(8, field(1, agent_id) + field(2, field(1, 'bytes')) + field(3, uuid[0]))), 202)
        return status[2][0] == 3

    acknowledged = set()
    failed = fields_of(inner(stream.await_('TASK_FAILED', is_over)['fields'], 5, 1))
    expect('how it ended', failed[4][0].decode(), 'Command exited with status 3')
    expect('no protobuf', post(None, {'Content-Type': media}, raw=b'\x0a\xff')[0], 400)
    expect('TEARDOWN in protobuf', call(2), 202)


for play in (play_naive, play_operations, play_maintenance, play_hostile, play_protobuf):
    try:
        play()
    except Exception as error:
        differences.append(play.__name__)
        print('DIFFERS %s broke off: %r' % (play.__name__, error), flush=True)
print('as Mesos has it' if not differences else '%d differences' % len(differences), flush=True)
