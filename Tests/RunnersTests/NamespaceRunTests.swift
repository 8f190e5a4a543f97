// local:exec with networks of their own: scripts that speak the contract from within, over bash's /dev/tcp.

import Execution
import Foundation
import InstanceContract
import LinuxSystem
import Runners
import TestgroundModel
import Testing

private let suffices = ThisProcess.isRoot && Directories.exists("/dev/net/tun")

@Suite(
    "local:exec with namespaces",
    .enabled(
        if: suffices,
        "needs root and /dev/net/tun (run the tests with sudo; modprobe tun): no run with networks was tested"
    ),
    .serialized, .timeLimit(.minutes(2)))
struct NamespaceRunTests {
    private let bench: RunnerBench
    /// With the real sync service.
    private let runner = LocalExecRunner()

    init() throws { bench = try RunnerBench() }

    /// Functions of a plan: `ask REQUEST` sends a frame on descriptor 3, `hear` prints the next answer.
    private static let plan = #"""
        exec 3<>/dev/tcp/$SYNC_SERVICE_HOST/$SYNC_SERVICE_PORT || exit 9
        printf 'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' >&3
        printf 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n' >&3
        while IFS= read -r line <&3; do [ "$line" = $'\r' ] && break; done
        prefix="run:$TEST_RUN:plan:$TEST_PLAN:case:$TEST_CASE"
        ask() {
            local length=${#1}
            printf "\\x81\\xfe\\x$(printf %02x $((length >> 8)))\\x$(printf %02x $((length & 255)))\\0\\0\\0\\0" >&3
            printf '%s' "$1" >&3
        }
        hear() { IFS= read -r -d '}' line <&3 && echo "${line#*\{}"; }
        barrier() { ask "{\"id\":\"b\",\"barrier\":{\"state\":\"$prefix:states:$1\",\"target\":$TEST_INSTANCE_COUNT}}"; hear; }
        publish() { ask "{\"id\":\"p\",\"publish\":{\"topic\":\"$prefix:topics:$1\",\"payload\":$2}}"; hear; hear; }

        """#

    private func run(
        _ body: String, instances: Int,
        configuration: ConfigurationTable = ["isolation": .string("namespaces")],
        limit: Duration = .seconds(60), run: String = "run1"
    ) async throws -> RunRecord {
        let script = RunnerBench.prelude.replacingOccurrences(of: "/bin/sh", with: "/bin/bash") + body + "\n"
        return try await runner.run(
            bench.request(
                bench.file(script, named: "plan-\(run).sh"), instances: instances, run: run,
                configuration: configuration, limit: limit), progress: bench.sink)
    }

    private func reasons(_ record: RunRecord) -> Comment {
        Comment(rawValue: record.instances.compactMap(\.reason).joined(separator: "; "))
    }

    @Test("instances have their own network: name, addresses, services, and nothing of the host's")
    func environment() async throws {
        let record = try await run(
            Self.plan + #"""
                echo "name $(hostname)"
                echo "sidecar $TEST_SIDECAR subnet $TEST_SUBNET sync $SYNC_SERVICE_HOST:$SYNC_SERVICE_PORT"
                echo "devices $(tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' \n')"
                echo "self $(getent hosts "$(hostname)")"
                barrier network-initialized
                success
                """#, instances: 3)
        #expect(record.outcome == .success, reasons(record))
        #expect(record.warnings.filter { !$0.hasPrefix("untrusted") } == [])
        let text = try #require(bench.text("1/run.out"))
        #expect(text.contains("name g-1\n"))
        #expect(text.contains("sidecar true subnet 16.0.0.0/16 sync testground-sync-service:5050"))
        #expect(text.contains("data0") && text.contains("g-1\n"))
        #expect(!text.contains("eth0"))
        #expect(record.phases.map(\.phase) == [.scheduled, .started, .networkInitialised, .finished])
        #expect(record.phases.allSatisfy { $0.count == 3 })
        bench.expectNothingLeft()
    }

    @Test("a request is applied and then signalled: the new address is there")
    func request() async throws {
        let record = try await run(
            Self.plan + #"""
                barrier network-initialized
                publish "network:$(hostname)" "{\"network\":\"default\",\"enable\":true,\"IPv4\":\"16.0.7.$number/16\",\"default\":{\"latency\":1000000},\"callback_state\":\"done\"}"
                barrier done
                cat /proc/net/fib_trie
                success
                """#, instances: 2)
        #expect(record.outcome == .success, reasons(record))
        let text = try #require(bench.text("1/run.out"))
        #expect(text.contains("16.0.7.1") && !text.contains("16.0.0.3"), "\(text)")
    }

    @Test("a request that cannot be applied fails its instance and says why, and nobody waits")
    func refusal() async throws {
        let record = try await run(
            Self.plan + #"""
                barrier network-initialized
                if [ "$number" = 1 ]; then
                    publish "network:$(hostname)" '{"network":"default","routing_policy":"allow_all","callback_state":"done"}'
                fi
                barrier done
                """#, instances: 2)
        #expect(record.outcome == .failure)
        #expect(record.instances[1].outcome == .failure)
        #expect(record.instances[1].reason?.contains("allow_all") == true, reasons(record))
        #expect(record.instances[0].outcome == .incomplete, reasons(record))
        let text = try #require(bench.text("0/run.out"))
        #expect(text.contains("g[1]"), "the barrier of the other one fails at once and names it: \(text)")
        bench.expectNothingLeft()
    }

    @Test("exit statuses, signals and the time limit are the plan's, not the launcher's")
    func outcomes() async throws {
        let record = try await run(
            "case $number in 0) success;; 1) exit 3;; 2) kill -SEGV $$;; 3) sleep 100;; esac", instances: 4,
            limit: .seconds(8))
        #expect(record.instances.map(\.outcome) == [.success, .failure, .crash, .timeout], reasons(record))
        bench.expectNothingLeft()
    }

    @Test("a program that cannot be executed is told with its reason")
    func notExecutable() async throws {
        let path = try bench.file("\u{7F}ELF" + String(repeating: "\0", count: 60), named: "broken")
        let record = try await runner.run(
            bench.request(path, configuration: ["isolation": .string("namespaces")]), progress: bench.sink)
        #expect(record.instances[0].outcome == .neverStarted)
        #expect(record.instances[0].reason?.contains("Exec format error") == true, reasons(record))
        bench.expectNothingLeft()
    }

    @Test("a cancelled run ends, wherever its instances are")
    func cancel() async throws {
        let script = try bench.script("echo started; sleep 100", named: "sleeper.sh")
        let request = bench.request(
            script, instances: 20, configuration: ["isolation": .string("namespaces")])
        let task = Task { try await runner.run(request, progress: bench.sink) }
        await bench.sink.wait(for: "started")
        task.cancel()
        let record = try await task.value
        #expect(record.outcome == .canceled)
        #expect(record.instances.allSatisfy { $0.outcome == .canceled }, reasons(record))
        bench.expectNothingLeft()
    }

    @Test("`auto` uses namespaces where they work")
    func auto() async throws {
        let record = try await run(
            "hostname; success", instances: 1, configuration: ["isolation": .string("auto")])
        #expect(record.outcome == .success, reasons(record))
        #expect(bench.text("0/run.out")?.hasPrefix("g-0\n") == true)
    }

    @Test("garbage, floods and thousands of changes take nothing down, and another run feels none of it")
    func hostile() async throws {
        // Bytes that are no packets and packets to everywhere, straight into the device; and changes of the
        // network as fast as they can be said, none waited for.
        let script = #"""
            python3 - <<'PYTHON' || exit 1
            import json, os, random, socket, struct, threading
            random.seed(1)
            device = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
            for i in range(20000):
                kind = random.choice([0x0800, 0x86DD])
                bytes_ = bytearray(random.randbytes(random.randrange(1, 200)))
                if i % 2 and len(bytes_) > 20:
                    bytes_[0] = 0x45
                    bytes_[16:20] = bytes([16, 0, random.choice([0, 255]), random.randrange(256)])
                    if i % 4 == 1: struct.pack_into('>H', bytes_, 2, len(bytes_))
                try: device.sendto(bytes(bytes_), ('data0', kind))
                except OSError: pass
            sync = socket.create_connection((os.environ['SYNC_SERVICE_HOST'], int(os.environ['SYNC_SERVICE_PORT'])))
            sync.sendall(b'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                b'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n')
            data = b''
            while b'\r\n\r\n' not in data: data += sync.recv(4096)
            answers = 0
            def hear():
                global answers
                while answers < 5000:
                    block = sync.recv(65536)
                    if not block: break
                    answers += block.count(b'"seq"')
            listener = threading.Thread(target=hear)
            listener.start()
            scope = 'run:{TEST_RUN}:plan:{TEST_PLAN}:case:{TEST_CASE}:topics:network:'.format(**os.environ)
            for i in range(5000):
                wish = {'network': 'default', 'enable': True, 'callback_state': 'c', 'routing_policy': 'deny_all',
                    'default': {'latency': i % 7 * 1000000, 'loss': i % 3}}
                text = json.dumps({'id': str(i), 'publish': {'topic': scope + socket.gethostname(), 'payload': wish}}).encode()
                sync.sendall(struct.pack('>BBH', 0x81, 0xFE, len(text)) + bytes(4) + text)
            listener.join(60)
            assert answers >= 5000, answers
            PYTHON
            success
            """#
        async let hostile = run(script, instances: 2, run: "hostile")
        async let victim = run(
            Self.plan + "for i in 1 2 3 4 5 6 7 8; do barrier network-initialized; sleep 0.2; done; success",
            instances: 3, run: "victim")
        let (attacker, other) = try await (hostile, victim)
        #expect(attacker.outcome == .success, reasons(attacker))
        #expect((attacker.fidelity?.dropped["malformed"] ?? 0) > 1_000)
        #expect((attacker.fidelity?.dropped["unreachable"] ?? 0) > 100)
        #expect(other.outcome == .success, reasons(other))
        #expect(other.fidelity?.dropped["malformed"] == nil)
    }

    @Test("60 instances get their networks")
    func many() async throws {
        let record = try await run(Self.plan + "barrier network-initialized; success", instances: 60)
        #expect(record.outcome == .success, reasons(record))
        bench.expectNothingLeft()
    }
}
