#!/usr/bin/env python3
"""A test plan in Python's standard library alone, which speaks the contract by hand.

Environment reads what the instance is told, Recorder says what it has to say, SyncClient talks to the
sync service over a WebSocket of its own. The test cases stand at the end.
"""

import base64
import hashlib
import json
import os
import socket
import struct
import sys
import time
import traceback


class Environment:
    """The variables of an instance."""

    def __init__(self, variables):
        self.plan = variables["TEST_PLAN"]
        self.case = variables["TEST_CASE"]
        self.run = variables["TEST_RUN"]
        self.group = variables["TEST_GROUP_ID"]
        self.instances = int(variables["TEST_INSTANCE_COUNT"])
        self.group_instances = int(variables.get("TEST_GROUP_INSTANCE_COUNT", self.instances))
        self.outputs = variables["TEST_OUTPUTS_PATH"]
        self.temp = variables.get("TEST_TEMP_PATH", "")
        self.subnet = variables.get("TEST_SUBNET", "127.1.0.0/16")
        self.sidecar = variables.get("TEST_SIDECAR") == "true"
        self.sync_address = (
            variables.get("SYNC_SERVICE_HOST") or "testground-sync-service",
            int(variables.get("SYNC_SERVICE_PORT") or 5050),
        )
        if "TEST_INSTANCE_PARAMS_JSON" in variables:
            self.params = json.loads(variables["TEST_INSTANCE_PARAMS_JSON"])
        else:
            pairs = (pair.split("=") for pair in variables.get("TEST_INSTANCE_PARAMS", "").split("|"))
            self.params = {pair[0]: pair[1] for pair in pairs if len(pair) == 2}

    @property
    def scope(self):
        return f"run:{self.run}:plan:{self.plan}:case:{self.case}"

    def runenv(self):
        return {
            "plan": self.plan, "case": self.case, "run": self.run, "params": self.params,
            "instances": self.instances, "outputs_path": self.outputs, "temp_path": self.temp,
            "network": self.subnet, "group": self.group, "group_instances": self.group_instances,
        }


class Recorder:
    """Events on stdout, in run.out and on the events topic; points in results.out."""

    def __init__(self, environment):
        self.environment = environment
        self.sync = None

    def event(self, name, **content):
        event = {f"{name}_event": content}
        line = json.dumps(
            {"ts": time.time_ns(), "msg": "", "group_id": self.environment.group,
             "run_id": self.environment.run, "event": event},
            separators=(",", ":"))
        print(line, flush=True)
        self._append("run.out", line)
        if self.sync is not None:
            self.sync.publish_raw(f"{self.environment.scope}:run_events", event)

    def message(self, text):
        self.event("message", message=text)

    def point(self, name, value):
        self._append("results.out", json.dumps(
            {"ts": time.time_ns(), "type": "point", "name": name, "measures": {"value": value}},
            separators=(",", ":")))

    def _append(self, name, line):
        with open(os.path.join(self.environment.outputs, name), "a", encoding="utf-8") as file:
            file.write(line + "\n")


class SyncError(Exception):
    """What the sync service refused, or that it is gone."""


class WebSocket:
    """As much of RFC 6455 as a client of the sync service needs."""

    TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA

    def __init__(self, address):
        self.socket = socket.create_connection(address, timeout=60)
        # A barrier may take as long as it takes; the runner ends a run that hangs.
        self.socket.settimeout(None)
        self.stream = self.socket.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            (f"GET / HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\nUpgrade: websocket\r\n"
             "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
             f"Sec-WebSocket-Key: {key}\r\n\r\n").encode())
        head = []
        while (line := self.stream.readline().strip()):
            head.append(line.decode())
        accept = base64.b64encode(
            hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
        fields = {name.strip().lower(): value.strip() for name, _, value in (f.partition(":") for f in head)}
        if not head or " 101" not in head[0] or fields.get("sec-websocket-accept") != accept:
            raise SyncError(f"the sync service does not speak WebSocket: {head[:1]}")

    def send(self, payload, opcode=TEXT):
        if len(payload) < 126:
            lengths = struct.pack("!BB", 0x80 | opcode, 0x80 | len(payload))
        elif len(payload) < 1 << 16:
            lengths = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, len(payload))
        else:
            lengths = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, len(payload))
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[i & 3] for i, byte in enumerate(payload))
        self.socket.sendall(lengths + mask + masked)

    def receive(self):
        """The next message, put together from its frames."""
        message = b""
        while True:
            first, second = self._read(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack("!H", self._read(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", self._read(8))
            payload = self._read(length)
            opcode = first & 0xF
            if opcode == self.PING:
                self.send(payload, self.PONG)
            elif opcode == self.CLOSE:
                raise SyncError(f"the sync service closed the connection: {payload[2:].decode()}")
            elif opcode != self.PONG:
                message += payload
                if first & 0x80:
                    return message

    def close(self):
        try:
            self.send(struct.pack("!H", 1000), self.CLOSE)
        finally:
            self.socket.close()

    def _read(self, count):
        data = self.stream.read(count)
        if len(data) != count:
            raise SyncError("the sync service closed the connection")
        return data


class SyncClient:
    """Requests and their answers, one at a time; entries of subscriptions wait until they are asked for."""

    def __init__(self, environment):
        self.environment = environment
        self.socket = WebSocket(environment.sync_address)
        self.last_id = 0
        self.entries = {}

    def publish(self, topic, payload):
        """The entry's number in its topic, from 1."""
        return self.publish_raw(f"{self.environment.scope}:topics:{topic}", payload)

    def publish_raw(self, key, payload):
        return self._answer(self._send(publish={"topic": key, "payload": payload}))["publish"]["seq"]

    def subscribe(self, topic):
        """An iterator over every entry of the topic, from the first."""
        identifier = self._send(subscribe={"topic": f"{self.environment.scope}:topics:{topic}"})
        self.entries[identifier] = []
        return self._entries(identifier)

    def signal(self, state):
        """The state's new count."""
        return self._answer(self._send(signal_entry={"state": self._state(state)}))["signal_entry"]["seq"]

    def barrier(self, state, target):
        """Waits until the state's count has reached the target."""
        self._answer(self._send(barrier={"state": self._state(state), "target": target}))

    def signal_and_wait(self, state, target):
        number = self.signal(state)
        self.barrier(state, target)
        return number

    def close(self):
        self.socket.close()

    def _state(self, name):
        return f"{self.environment.scope}:states:{name}"

    def _send(self, **request):
        self.last_id += 1
        identifier = str(self.last_id)
        self.socket.send(json.dumps({"id": identifier, "is_cancel": False, **request}).encode())
        return identifier

    def _receive(self):
        response = json.loads(self.socket.receive())
        if response["error"]:
            raise SyncError(f"the sync service refused request {response['id']}: {response['error']}")
        if response["id"] in self.entries:
            self.entries[response["id"]].append(json.loads(response["subscribe"]))
            return None
        return response

    def _answer(self, identifier):
        while True:
            response = self._receive()
            if response is not None and response["id"] == identifier:
                return response

    def _entries(self, identifier):
        while True:
            while not self.entries[identifier]:
                self._receive()
            yield self.entries[identifier].pop(0)


# --- Test cases -----------------------------------------------------------------------------------


def connect(environment, recorder):
    sync = SyncClient(environment)
    # Where the platform controls the network, it says when the network is ready.
    if environment.sidecar:
        sync.barrier("network-initialized", environment.instances)
    recorder.sync = sync
    return sync


def ok(environment, recorder):
    recorder.message(f"instance of group {environment.group}, one of {environment.instances}")


def failure(environment, recorder):
    raise AssertionError("this case always fails")


def sync(environment, recorder):
    """The first to arrive leads: it waits for the others and gives the start."""
    client = connect(environment, recorder)
    number = client.publish("arrivals", environment.run)
    recorder.message(f"I am number {number}")
    if number == 1:
        client.barrier("ready", environment.instances - 1)
        recorder.message("the followers are ready: go")
        client.signal("start")
    else:
        client.signal("ready")
        began = time.monotonic()
        client.barrier("start", 1)
        recorder.point("wait_for_start", time.monotonic() - began)


def gossip(environment, recorder):
    """Everybody publishes a payload and checks those of all."""
    client = connect(environment, recorder)
    size = int(environment.params["payload_size"])
    number = client.signal_and_wait("ready", environment.instances)

    def payload(sender):
        # Text that only its sender would send: hashes of its number, one behind the other.
        block = hashlib.sha256(str(sender).encode()).hexdigest()
        return (block * (size // len(block) + 1))[:size]

    began = time.monotonic()
    client.publish("gossip", {"from": number, "payload": payload(number)})
    senders = set()
    for entry in client.subscribe("gossip"):
        if entry["payload"] != payload(entry["from"]):
            raise AssertionError(f"the payload of number {entry['from']} arrived changed")
        senders.add(entry["from"])
        if len(senders) == environment.instances:
            break
    recorder.point("gossip_seconds", time.monotonic() - began)
    recorder.message(f"{len(senders)} payloads of {size} bytes arrived unchanged")
    client.signal_and_wait("done", environment.instances)


CASES = {"ok": ok, "failure": failure, "sync": sync, "gossip": gossip}


def main():
    environment = Environment(os.environ)
    recorder = Recorder(environment)
    recorder.event("start", runenv=environment.runenv())
    try:
        case = CASES.get(environment.case)
        if case is None:
            raise AssertionError(f"the plan has no case \"{environment.case}\"")
        case(environment, recorder)
    except (AssertionError, SyncError, OSError) as error:
        recorder.sync = None
        recorder.event("failure", group=environment.group, error=str(error))
        return 1
    except Exception as error:
        recorder.sync = None
        recorder.event(
            "crash", group=environment.group, error=repr(error), stacktrace=traceback.format_exc())
        return 2
    recorder.event("success", group=environment.group)
    if recorder.sync is not None:
        recorder.sync.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
