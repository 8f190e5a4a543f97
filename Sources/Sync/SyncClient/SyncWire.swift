// Requests and answers of the sync service as JSON (contract §4).

import InstanceContract

enum SyncWire {
    static func request(_ operation: SyncOperation, id: String, payload: String) -> String {
        let member: JSONValue.Member =
            switch operation {
            case .publish(let topic):
                .init(
                    "publish",
                    .object([.init("topic", .string(topic)), .init("payload", .verbatim(payload))]))
            case .subscribe(let topic): .init("subscribe", .object([.init("topic", .string(topic))]))
            case .signal(let state): .init("signal_entry", .object([.init("state", .string(state))]))
            case .barrier(let state, let target):
                .init(
                    "barrier", .object([.init("state", .string(state)), .init("target", .integer(target))]))
            }
        return JSONValue.object([.init("id", .string(id)), .init("is_cancel", false), member]).text
    }

    static func cancellation(id: String) -> String {
        JSONValue.object([.init("id", .string(id)), .init("is_cancel", true)]).text
    }

    static func answer(_ bytes: [UInt8]) throws(WebSocketViolation) -> SyncAnswer {
        let value: JSONValue
        do {
            value = try JSONValue(parsing: bytes)
        } catch {
            throw WebSocketViolation(code: 1007, reason: "its answer is \(error)")
        }
        guard let id = value["id"]?.stringValue else {
            throw WebSocketViolation(code: 1007, reason: "its answer has no id")
        }
        let sequence = value["publish"]?["seq"] ?? value["signal_entry"]?["seq"]
        return SyncAnswer(
            id: id, error: value["error"]?.stringValue ?? "", sequence: sequence?.integerValue,
            entry: value["subscribe"]?.stringValue ?? "")
    }
}
