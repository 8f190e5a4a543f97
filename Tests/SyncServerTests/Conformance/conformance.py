"""The conformance suite of the sync service on PyPI's `websockets`, compression offered.

usage: conformance.py URL SCENARIOS; one line per scenario, exit status 1 when one failed.
"""

import json
import sys

from websockets.sync.client import connect


class Failure(Exception):
    pass


class Client:
    def __init__(self, url):
        self.socket = connect(url)
        self.next_id = 0
        self.answers = {}
        self.waits = {}

    def send(self, body):
        self.next_id += 1
        self.socket.send('{"id":"%d",%s}' % (self.next_id, body))
        return str(self.next_id)

    def answer(self, id):
        """The next answer to this id; others are kept."""
        while not self.answers.get(id):
            self.keep(self.socket.recv(timeout=20))
        return self.answers[id].pop(0)

    def keep(self, message):
        if not isinstance(message, str):
            raise Failure("a reply that is no text")
        answer = json.loads(message)
        if list(answer) != ["id", "error", "publish", "subscribe", "signal_entry"]:
            raise Failure("fields %s" % list(answer))
        self.answers.setdefault(answer["id"], []).append(answer)

    def expect(self, id, key, sequence):
        answer = self.answer(id)
        if answer["error"] or (answer[key] or {}).get("seq") != sequence:
            raise Failure("wanted %s %d, got %s" % (key, sequence, answer))

    def settle(self):
        """Returns when everything sent before has taken effect and everything answered before has arrived."""
        self.answer(self.send('"signal_entry":{"state":%s}' % json.dumps(self.scratch)))


def payload(step):
    return step["payload"] if "payload" in step else '"%s"' % ("x" * (step["fill"] - 4))


def run(clients, prefix, step):
    op = step["op"]
    client = clients[step["client"]]
    client.scratch = prefix + "scratch"
    state = json.dumps(prefix + step.get("state", ""))
    topic = json.dumps(prefix + step.get("topic", ""))
    wait = client.waits.get(step.get("as"))
    if op == "signal":
        client.expect(client.send('"signal_entry":{"state":%s}' % state), "signal_entry", step["expect"])
    elif op == "pipeline":
        ids = [client.send('"signal_entry":{"state":%s}' % state) for _ in range(step["count"])]
        for number, id in enumerate(ids):
            client.expect(id, "signal_entry", number + 1)
    elif op == "publish":
        id = client.send('"publish":{"topic":%s,"payload":%s}' % (topic, payload(step)))
        client.expect(id, "publish", step["expect"])
    elif op == "refused":
        answer = client.answer(client.send('"publish":{"topic":%s,"payload":%s}' % (topic, payload(step))))
        if "limit" not in answer["error"]:
            raise Failure("wanted a refusal, got %s" % answer)
    elif op == "flood":
        ids = [client.send('"publish":{"topic":%s,"payload":%d}' % (topic, n)) for n in range(step["count"])]
        for number, id in enumerate(ids):
            client.expect(id, "publish", number + 1)
    elif op == "subscribe":
        client.waits[step["as"]] = client.send('"subscribe":{"topic":%s}' % topic)
    elif op == "receive":
        entries = ([payload(step)] if "fill" in step else []) + step["entries"]
        for entry in entries:
            got = client.answer(wait)
            if got["error"] or got["subscribe"] != entry:
                raise Failure("wanted %.80s, got %.80s" % (entry, got))
    elif op == "drain":
        for number in range(step["count"]):
            got = client.answer(wait)
            if got["subscribe"] != str(number):
                raise Failure("wanted entry %d, got %s" % (number, got))
    elif op == "barrier":
        client.waits[step["as"]] = client.send('"barrier":{"state":%s,"target":%d}' % (state, step["target"]))
    elif op == "met":
        answer = client.answer(wait)
        if answer["error"] or answer["publish"] or answer["signal_entry"] or answer["subscribe"]:
            raise Failure("wanted an empty answer, got %s" % answer)
    elif op == "cancel":
        client.socket.send('{"id":"%s","is_cancel":true}' % wait)
    elif op == "waiting":
        client.settle()
        if client.answers.get(wait):
            raise Failure("%s was answered: %s" % (step["as"], client.answers[wait]))
    elif op == "settle":
        client.settle()
    else:
        raise Failure("unknown step " + op)


def main():
    failed = False
    with open(sys.argv[2], encoding="utf-8") as file:
        scenarios = json.load(file)
    for number, scenario in enumerate(scenarios):
        clients = [Client(sys.argv[1]), Client(sys.argv[1])]
        try:
            for step in scenario["steps"]:
                run(clients, "%d:" % number, step)
            print("ok", scenario["name"])
        except Exception as error:  # a program that dies says less than one that goes on
            failed = True
            print("not ok", scenario["name"], "at", step, ":", repr(error))
        for client in clients:
            client.socket.close()
            if client.socket.close_code != 1000:
                failed = True
                print("not ok", scenario["name"], ": close code", client.socket.close_code)
    sys.exit(failed)


main()
