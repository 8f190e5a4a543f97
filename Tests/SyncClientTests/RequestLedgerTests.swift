// The client's bookkeeping of open requests.

import InstanceContract
import Testing

@testable import SyncClient

@Suite("Who waits for which answer")
struct RequestLedgerTests {
    @Test("answers find their requests in any order, and only once")
    func matching() {
        var ledger = RequestLedger<String>()
        ledger.add(.publish(topic: "t"), id: "1", waiter: "publisher")
        ledger.add(.barrier(state: "s", target: 2), id: "2", waiter: "waiter")
        guard case .finish("waiter", .success) = ledger.receive(SyncResponse(id: "2", content: .done)) else {
            Issue.record("the barrier's answer ends the barrier")
            return
        }
        guard
            case .finish("publisher", .success(7)) = ledger.receive(
                SyncResponse(id: "1", content: .published(sequence: 7)))
        else {
            Issue.record("the publish gets its number")
            return
        }
        guard case .ignore = ledger.receive(SyncResponse(id: "1", content: .published(sequence: 8))) else {
            Issue.record("a second answer has nobody waiting")
            return
        }
        #expect(ledger.isEmpty)
    }

    @Test("a subscription stays open through its entries and ends with an error")
    func subscription() {
        var ledger = RequestLedger<Int>()
        ledger.add(.subscribe(topic: "t"), id: "1", waiter: 1)
        for entry in ["1", "2"] {
            guard
                case .deliver(1, entry) = ledger.receive(
                    SyncResponse(id: "1", content: .entry(Array(entry.utf8))))
            else {
                Issue.record("entry \(entry) is delivered")
                return
            }
        }
        guard
            case .finish(1, .failure(let error)) = ledger.receive(
                SyncResponse(id: "1", content: .failed("gone")))
        else {
            Issue.record("an error ends it")
            return
        }
        #expect(error == SyncClientError(code: .refused, description: #"subscription to topic "t": gone"#))
    }

    @Test("a refusal that names the request already is not named twice")
    func namedRefusal() {
        var ledger = RequestLedger<Int>()
        ledger.add(.barrier(state: "run:r:states:ready", target: 10), id: "1", waiter: 1)
        let message = #"barrier "ready": 2 of 10 can no longer arrive: miners[3] crashed"#
        let response = SyncResponse(id: "1", content: .failed(message))
        guard case .finish(1, .failure(let error)) = ledger.receive(response) else {
            Issue.record("it is over")
            return
        }
        #expect(error == SyncClientError(code: .refused, description: message))
    }

    @Test("the service is told of cancelled waits, which it would go on with, and of nothing else")
    func cancellation() {
        var ledger = RequestLedger<Int>()
        let operations: [(SyncOperation, Bool)] = [
            (.publish(topic: ""), false), (.signal(state: ""), false), (.subscribe(topic: ""), true),
            (.barrier(state: "", target: 1), true),
        ]
        for (operation, tellsService) in operations {
            let id = ledger.nextID()
            ledger.add(operation, id: id, waiter: 1)
            #expect(ledger.cancel(id: id)?.tellsService == tellsService)
            #expect(ledger.cancel(id: id) == nil)
        }
    }

    @Test("a publish that is answered without a number is an error, not a zero")
    func noNumber() {
        var ledger = RequestLedger<Int>()
        ledger.add(.publish(topic: "t"), id: "1", waiter: 1)
        guard case .finish(1, .failure(let error)) = ledger.receive(SyncResponse(id: "1", content: .done))
        else {
            Issue.record("it is over")
            return
        }
        #expect(error.code == .invalidAnswer)
    }

    @Test("when the connection ends, every request hears of it with its own name")
    func failure() {
        var ledger = RequestLedger<Int>()
        ledger.add(.barrier(state: "ready", target: 3), id: "1", waiter: 1)
        ledger.add(.signal(state: "s"), id: "2", waiter: 2)
        let error = SyncClientError(code: .connectionLost, description: "lost")
        let told = ledger.fail(error).sorted { $0.0 < $1.0 }
        #expect(
            told.map(\.1.description) == [#"barrier "ready" for 3: lost"#, #"signal of state "s": lost"#])
        #expect(ledger.isEmpty)
    }
}
