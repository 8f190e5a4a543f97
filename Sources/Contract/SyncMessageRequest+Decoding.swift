// Reads a request, with the leniency and the strictness of Go's `encoding/json`, on which upstream's
// service stands: unknown fields are skipped, `null` is the same as absent, an absent topic is the empty
// name, an absent payload is `null`, of a repeated key the last counts; but every known field must have its
// type, also one that does not count.

extension SyncRequest {
    /// Reads one message.
    ///
    /// - Throws: `SyncMessageError` for what the service answers with close code 1007.
    package init(decoding bytes: Span<UInt8>) throws(SyncMessageError) {
        var id = ""
        var isCancel = false
        var publish: Operation?
        var subscribe: Operation?
        var barrier: Operation?
        var signalEntry: Operation?

        var scanner = JSONScanner()
        var key = try scanner.firstKey(in: bytes)
        while let name = key {
            switch name {
            case "id":
                id = try scanner.null(in: bytes) ? "" : scanner.string(in: bytes)
            case "is_cancel":
                isCancel = try scanner.null(in: bytes) ? false : scanner.boolean(in: bytes)
            case "publish":
                publish = try scanner.null(in: bytes) ? nil : Self.publish(&scanner, in: bytes)
            case "subscribe":
                subscribe = try scanner.null(in: bytes) ? nil : Self.subscribe(&scanner, in: bytes)
            case "barrier":
                barrier = try scanner.null(in: bytes) ? nil : Self.barrier(&scanner, in: bytes)
            case "signal_entry":
                signalEntry = try scanner.null(in: bytes) ? nil : Self.signalEntry(&scanner, in: bytes)
            default:
                try scanner.skipValue(in: bytes)
            }
            key = try scanner.nextKey(in: bytes)
        }
        try scanner.end(of: bytes)
        self.init(
            id: id, operation: isCancel ? .cancel : publish ?? subscribe ?? barrier ?? signalEntry)
    }

    /// Reads one message from an array.
    package init(decoding bytes: [UInt8]) throws(SyncMessageError) {
        try self.init(decoding: bytes.span)
    }

    private static func publish(_ scanner: inout JSONScanner, in bytes: Span<UInt8>) throws(SyncMessageError)
        -> Operation
    {
        var topic = ""
        var payload: Range<Int>?
        var key = try scanner.firstKey(in: bytes)
        while let name = key {
            switch name {
            case "topic": topic = try scanner.null(in: bytes) ? "" : scanner.string(in: bytes)
            case "payload": payload = try scanner.value(in: bytes)
            default: try scanner.skipValue(in: bytes)
            }
            key = try scanner.nextKey(in: bytes)
        }
        let text = payload.map { JSONScanner.copy(bytes.extracting($0)) } ?? Array("null".utf8)
        return .publish(topic: topic, payload: text)
    }

    private static func subscribe(_ scanner: inout JSONScanner, in bytes: Span<UInt8>)
        throws(SyncMessageError)
        -> Operation
    {
        var topic = ""
        var key = try scanner.firstKey(in: bytes)
        while let name = key {
            switch name {
            case "topic": topic = try scanner.null(in: bytes) ? "" : scanner.string(in: bytes)
            default: try scanner.skipValue(in: bytes)
            }
            key = try scanner.nextKey(in: bytes)
        }
        return .subscribe(topic: topic)
    }

    private static func barrier(_ scanner: inout JSONScanner, in bytes: Span<UInt8>) throws(SyncMessageError)
        -> Operation
    {
        var state = ""
        var target: Int64 = 0
        var key = try scanner.firstKey(in: bytes)
        while let name = key {
            switch name {
            case "state": state = try scanner.null(in: bytes) ? "" : scanner.string(in: bytes)
            case "target": target = try scanner.null(in: bytes) ? 0 : scanner.integer(in: bytes)
            default: try scanner.skipValue(in: bytes)
            }
            key = try scanner.nextKey(in: bytes)
        }
        return .barrier(state: state, target: target)
    }

    private static func signalEntry(_ scanner: inout JSONScanner, in bytes: Span<UInt8>)
        throws(SyncMessageError)
        -> Operation
    {
        var state = ""
        var key = try scanner.firstKey(in: bytes)
        while let name = key {
            switch name {
            case "state": state = try scanner.null(in: bytes) ? "" : scanner.string(in: bytes)
            default: try scanner.skipValue(in: bytes)
            }
            key = try scanner.nextKey(in: bytes)
        }
        return .signalEntry(state: state)
    }
}
