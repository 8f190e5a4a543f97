// The error a plan author meets.

/// Something asked of Testground that cannot be done.
///
/// Print it as it is: the description is one sentence that names the offending value and what to do about it.
public struct TestgroundError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of thing went wrong.
    public enum Code: String, Sendable, Hashable {
        /// A test parameter is missing or is not what the plan expects.
        case parameter
        /// The plan has no test case of the wanted name.
        case unknownTestCase
        /// The sync service cannot be reached, refused a request, or went away.
        case sync
        /// A value cannot be written as JSON, or an entry of a topic is not of the topic's type.
        case payload
        /// A network request that makes no sense, or the data network is not there.
        case network
        /// A wait was longer than its limit.
        case timeout
        /// The outputs or temporary directory cannot be used.
        case outputs
    }

    /// What kind of thing went wrong.
    public let code: Code
    /// One sentence for people.
    public let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
