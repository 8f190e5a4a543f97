// A request to the sync service (contract §4): its type and its writer. The reader is in
// SyncMessageRequest+Decoding.

/// One message from a client to the service.
package struct SyncRequest: Sendable, Hashable {
    /// What one request asks for.
    package enum Operation: Sendable, Hashable {
        /// Append the payload, JSON text in UTF-8 that passes through as it is, to the topic.
        case publish(topic: String, payload: [UInt8])
        /// Stream every entry of the topic, from the first.
        case subscribe(topic: String)
        /// Answer once the state's count is at least the target.
        case barrier(state: String, target: Int64)
        /// Add one to the state's count.
        case signalEntry(state: String)
        /// End the subscription or barrier that has this request's id, without a response.
        case cancel
    }

    /// The client's choice; opaque to the service, and repeated in every response.
    package var id: String
    /// Nil for a message that asks for nothing, which gets no answer.
    package var operation: Operation?

    package init(id: String, operation: Operation?) {
        self.id = id
        self.operation = operation
    }

    /// Appends the request as JSON.
    ///
    /// - Precondition: a publish's payload is valid JSON (`JSONScanner.validate`); the service closes the
    /// connection on
    ///   anything else.
    package func encode(into output: inout [UInt8]) {
        output.append(contentsOf: "{\"id\":".utf8)
        JSONWriter.append(id, to: &output)
        switch operation {
        case nil:
            break
        case .cancel:
            output.append(contentsOf: ",\"is_cancel\":true".utf8)
        case .publish(let topic, let payload):
            output.append(contentsOf: ",\"publish\":{\"topic\":".utf8)
            JSONWriter.append(topic, to: &output)
            output.append(contentsOf: ",\"payload\":".utf8)
            output.append(contentsOf: payload)
            output.append(UInt8(ascii: "}"))
        case .subscribe(let topic):
            output.append(contentsOf: ",\"subscribe\":{\"topic\":".utf8)
            JSONWriter.append(topic, to: &output)
            output.append(UInt8(ascii: "}"))
        case .barrier(let state, let target):
            output.append(contentsOf: ",\"barrier\":{\"state\":".utf8)
            JSONWriter.append(state, to: &output)
            output.append(contentsOf: ",\"target\":".utf8)
            JSONWriter.append(target, to: &output)
            output.append(UInt8(ascii: "}"))
        case .signalEntry(let state):
            output.append(contentsOf: ",\"signal_entry\":{\"state\":".utf8)
            JSONWriter.append(state, to: &output)
            output.append(UInt8(ascii: "}"))
        }
        output.append(UInt8(ascii: "}"))
    }
}
