// States and topics by name: found, made, and freed when nothing is left in them; and who may use which.

import InstanceContract

extension SyncCore {
    /// The state with this name, made if there is none.
    mutating func state(_ text: String, for place: Int?) throws(SyncRefusal) -> Int {
        let name = OpaqueName(text)
        if let state = statesByName[name] {
            try admit(place, to: states[state].run, name: text)
            return state
        }
        let run = try newName(text, for: place)
        var record = CountedState(name: name, run: run)
        record.isIrregular = runnerStates.contains(Self.lastPart(of: text))
        let state = states.insert(record)
        statesByName[name] = state
        if let run { runs[run].states.insert(state) }
        return state
    }

    /// The topic with this name, made if there is none.
    mutating func topic(_ text: String, for place: Int) throws(SyncRefusal) -> Int {
        let name = OpaqueName(text)
        if let topic = topicsByName[name] {
            try admit(place, to: topics[topic].run, name: text)
            return topic
        }
        let run = try newName(text, for: place)
        let topic = topics.insert(Topic(name: name, run: run))
        topicsByName[name] = topic
        if let run { runs[run].topics.insert(topic) }
        return topic
    }

    /// Checks that a name may be made, and says which run it belongs to.
    private mutating func newName(_ text: String, for place: Int?) throws(SyncRefusal) -> Int? {
        guard text.utf8.count <= limits.nameBytes else {
            throw SyncRefusal(
                "the name \(Self.quoted(text)) has \(text.utf8.count) bytes; "
                    + "\(limits.nameBytes) are the limit"
            )
        }
        guard states.count + topics.count < limits.names else {
            throw SyncRefusal("the sync service has \(limits.names) states and topics, which is the limit")
        }
        guard let id = Self.runID(of: text) else {
            try admit(place, to: nil, name: text)
            return nil
        }
        // Permission first: a stranger's name must not make a run.
        if let place, case .instance(let own, _) = connections[place].owner, runs[own].id != id {
            throw strangerRefusal(own, name: text)
        }
        guard let run = run(id: id) else {
            throw SyncRefusal("the run of \(Self.quoted(text)) is over")
        }
        try admit(place, to: run, name: text)
        return run
    }

    /// Throws when the connection may not use names of the run; remembers an anonymous one as its visitor.
    private mutating func admit(_ place: Int?, to run: Int?, name: String) throws(SyncRefusal) {
        guard let place else { return }
        switch connections[place].owner {
        case .nobody: break
        case .instance(let own, _):
            if run != own { throw strangerRefusal(own, name: name) }
        case .anonymous:
            guard let run, runs[run].visitors.insert(place).inserted else { return }
            connections[place].visitedRuns.insert(run)
        }
    }

    private func strangerRefusal(_ own: Int, name: String) -> SyncRefusal {
        SyncRefusal(
            "\(Self.quoted(name)) is no name of this instance's run: "
                + "it may use those that begin with \"run:\(runs[own].id.text):\""
        )
    }

    // MARK: Runs

    /// The run with this id, made if there is none; nil when it is over.
    mutating func run(id: OpaqueName) -> Int? {
        if let run = runsByID[id] { return run }
        guard !closedRuns.contains(id) else { return nil }
        var record = Run()
        record.id = id
        let run = runs.insert(record)
        runsByID[id] = run
        return run
    }

    /// Forgets a run that nothing refers to, that holds nothing and that nobody registered.
    mutating func freeIfUnused(run: Int) {
        let record = runs[run]
        guard record.members.isEmpty, record.states.isEmpty, record.topics.isEmpty, record.connections.isEmpty
        else { return }
        // A visitor of nothing is none, else a client could make runs without end.
        for place in record.visitors { connections[place].visitedRuns.remove(run) }
        runsByID[record.id] = nil
        runs.remove(run)
    }

    /// Forgets a state that was only ever waited for, and is not any more.
    mutating func freeIfUnused(state: Int) {
        guard states[state].count == 0, states[state].waiting.isEmpty else { return }
        // What the runner has declared is remembered as long as the run.
        if states[state].isIrregular, states[state].run != nil { return }
        statesByName[states[state].name] = nil
        if let run = states[state].run {
            runs[run].states.remove(state)
            freeIfUnused(run: run)
        }
        states.remove(state)
    }

    /// Forgets a topic that was only ever subscribed to, and is not any more.
    mutating func freeIfUnused(topic: Int) {
        guard topics[topic].entries.isEmpty, topics[topic].subscribers == 0 else { return }
        topicsByName[topics[topic].name] = nil
        if let run = topics[topic].run {
            runs[run].topics.remove(topic)
            freeIfUnused(run: run)
        }
        topics.remove(topic)
    }

    // MARK: Texts

    /// `<run>` of `run:<run>:…`; nil for any other name.
    static func runID(of name: String) -> OpaqueName? {
        guard name.utf8.starts(with: "run:".utf8) else { return nil }
        let rest = name.utf8.dropFirst(4)
        guard let end = rest.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        return OpaqueName(String(Substring(rest[..<end])))
    }

    /// What a plan's author called it: the part after `:states:` or `:topics:`, or all of it.
    static func lastPart(of name: String) -> String {
        for mark in [":states:", ":topics:"] {
            guard let range = name.firstRange(of: mark) else { continue }
            return String(name[range.upperBound...])
        }
        return name
    }

    /// A name as an error repeats it, shortened.
    static func quoted(_ name: String) -> String {
        guard name.utf8.count > SyncLimits.quotedBytes else { return "\"\(name)\"" }
        return "\"\(String(decoding: name.utf8.prefix(SyncLimits.quotedBytes), as: UTF8.self))…\""
    }
}
