// What an instance has said about itself so far, boiled down to what its verdict and its record need.

import InstanceContract

/// The sum of an instance's events. Bounded, however much an instance says.
struct InstanceTestimony: Sendable, Hashable {
    /// It reported success, at any time.
    private(set) var success = false
    /// Error of its first failure event.
    private(set) var failure: String?
    /// Error of its first crash event.
    private(set) var crash: String?
    /// Stages started and not ended, innermost last.
    private(set) var openStages: [String] = []
    /// Text of its last message, cut.
    private(set) var lastMessage: String?

    /// More open stages than a person reads; a plan that never ends its stages must not fill memory.
    static let mostOpenStages = 64
    /// Longest text kept of one message or error, in characters. Files have all of it.
    static let longestText = 2000

    mutating func record(_ event: InstanceEvent) {
        switch event {
        case .start: break
        case .message(let text): lastMessage = Self.cut(text)
        case .success: success = true
        case .failure(_, let error): failure = failure ?? Self.cut(error)
        case .crash(_, let error, _): crash = crash ?? Self.cut(error)
        case .stageStart(let name, _):
            if openStages.count < Self.mostOpenStages { openStages.append(Self.cut(name)) }
        case .stageEnd(let name, _):
            let name = Self.cut(name)
            if let index = openStages.lastIndex(of: name) { openStages.remove(at: index) }
        }
    }

    private static func cut(_ text: String) -> String {
        // Bytes first: counting the characters of a long text takes time.
        text.utf8.count <= longestText ? text : String(text.prefix(longestText)) + "…"
    }
}
