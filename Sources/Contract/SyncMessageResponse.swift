// A response of the sync service (contract §4): its type, its one writer, its reader, and the delivery of a
// topic's entry, which is a response whose parts are encoded once and shared by all subscribers.

/// One message from the service to a client.
package struct SyncResponse: Sendable, Hashable {
    package enum Content: Sendable, Hashable {
        /// The sequence number of a published entry, counted from 1.
        case published(sequence: Int64)
        /// An entry of a subscribed topic: JSON text in UTF-8, as it was published.
        case entry([UInt8])
        /// The new count of a signalled state.
        case signalled(count: Int64)
        /// A barrier that is met: every part is empty.
        case done
        /// The request, or the subscription or barrier it began, has failed.
        case failed(String)
    }

    /// Id of the request it answers.
    package var id: String
    package var content: Content

    package init(id: String, content: Content) {
        self.id = id
        self.content = content
    }

    /// Appends the response as JSON: always all five fields, in this order.
    package func encode(into output: inout [UInt8]) {
        output.append(contentsOf: "{\"id\":".utf8)
        JSONWriter.append(id, to: &output)
        output.append(contentsOf: ",\"error\":".utf8)
        if case .failed(let message) = content {
            JSONWriter.append(message, to: &output)
        } else {
            output.append(contentsOf: "\"\"".utf8)
        }
        output.append(contentsOf: ",\"publish\":".utf8)
        if case .published(let sequence) = content {
            Self.append(sequence: sequence, to: &output)
        } else {
            output.append(contentsOf: "null".utf8)
        }
        output.append(contentsOf: ",\"subscribe\":\"".utf8)
        if case .entry(let payload) = content { JSONWriter.appendEscaped(payload.span, to: &output) }
        output.append(contentsOf: "\",\"signal_entry\":".utf8)
        if case .signalled(let count) = content {
            Self.append(sequence: count, to: &output)
        } else {
            output.append(contentsOf: "null".utf8)
        }
        output.append(UInt8(ascii: "}"))
    }

    private static func append(sequence: Int64, to output: inout [UInt8]) {
        output.append(contentsOf: "{\"seq\":".utf8)
        JSONWriter.append(sequence, to: &output)
        output.append(UInt8(ascii: "}"))
    }
}

/// The three parts of the response that delivers an entry: `head` is the subscription's, `body` the
/// entry's, `tail` the same for all. Together they are what `SyncResponse(id:content: .entry)` encodes to,
/// which a test holds them to.
package enum SyncDelivery {
    /// Everything before the entry, for a subscription with this id.
    package static func head(id: String) -> [UInt8] {
        var head = Array("{\"id\":".utf8)
        JSONWriter.append(id, to: &head)
        head.append(contentsOf: ",\"error\":\"\",\"publish\":null,\"subscribe\":\"".utf8)
        return head
    }

    /// The entry: its payload escaped as the content of a string.
    package static func body(payload: [UInt8]) -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(payload.count + payload.count / 8)
        JSONWriter.appendEscaped(payload.span, to: &body)
        return body
    }

    /// Everything after the entry.
    package static let tail = Array("\",\"signal_entry\":null}".utf8)
}

extension SyncResponse {
    /// Reads one message.
    ///
    /// An error, where there is one, is the content; else the part that is present is; a message with none
    /// is `done`.
    package init(decoding bytes: Span<UInt8>) throws(SyncMessageError) {
        var id = ""
        var error = ""
        var published: Int64?
        var entry: [UInt8] = []
        var signalled: Int64?

        var scanner = JSONScanner()
        var key = try scanner.firstKey(in: bytes)
        while let name = key {
            switch name {
            case "id": id = try scanner.null(in: bytes) ? "" : scanner.string(in: bytes)
            case "error": error = try scanner.null(in: bytes) ? "" : scanner.string(in: bytes)
            case "publish": published = try Self.sequence(&scanner, in: bytes)
            case "subscribe": entry = try scanner.null(in: bytes) ? [] : scanner.stringBytes(in: bytes)
            case "signal_entry": signalled = try Self.sequence(&scanner, in: bytes)
            default: try scanner.skipValue(in: bytes)
            }
            key = try scanner.nextKey(in: bytes)
        }
        try scanner.end(of: bytes)

        if !error.isEmpty {
            self.init(id: id, content: .failed(error))
        } else if let published {
            self.init(id: id, content: .published(sequence: published))
        } else if !entry.isEmpty {
            self.init(id: id, content: .entry(entry))
        } else if let signalled {
            self.init(id: id, content: .signalled(count: signalled))
        } else {
            self.init(id: id, content: .done)
        }
    }

    /// Reads one message from an array.
    package init(decoding bytes: [UInt8]) throws(SyncMessageError) {
        try self.init(decoding: bytes.span)
    }

    private static func sequence(_ scanner: inout JSONScanner, in bytes: Span<UInt8>) throws(SyncMessageError)
        -> Int64?
    {
        if try scanner.null(in: bytes) { return nil }
        var sequence: Int64 = 0
        var key = try scanner.firstKey(in: bytes)
        while let name = key {
            if name == "seq" {
                sequence = try scanner.null(in: bytes) ? 0 : scanner.integer(in: bytes)
            } else {
                try scanner.skipValue(in: bytes)
            }
            key = try scanner.nextKey(in: bytes)
        }
        return sequence
    }
}
