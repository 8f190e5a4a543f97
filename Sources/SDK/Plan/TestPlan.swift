// What a plan author writes: a plan with its test cases.

/// A test plan: the program that runs as every instance.
///
/// ```swift
/// import Testground
///
/// @main struct Ping: TestPlan {
///     static var testCases: [TestCase] {
///         TestCase("ping") { run in
///             run.recordMessage("hello from \(run.group)")
///             try await run.sync.signalAndWait("said-hello")
///         }
///     }
/// }
/// ```
///
/// Returning from a test case is success. Throwing is failure, and the error's description is what people
/// read. A trap (`fatalError`, a failed precondition) is a crash, reported with its backtrace.
public protocol TestPlan {
    /// The test cases, by the names that the plan's `manifest.toml` gives them.
    @TestCaseBuilder static var testCases: [TestCase] { get }
}

extension TestPlan {
    /// Runs the test case that the runner asks for, and ends the process: status 0 after success, 1 after
    /// failure, 2 when it was not a runner that started it, 143 when SIGTERM ended it.
    public static func main() async {
        await PlanProcess.run(testCases)
    }
}

/// A test case: a name and what an instance does.
public struct TestCase: Sendable {
    /// The name in `manifest.toml`.
    public let name: String
    let body: @Sendable (RunEnvironment) async throws -> Void

    /// A test case.
    ///
    /// - Parameters:
    ///   - name: the name in `manifest.toml`.
    ///   - body: what an instance does; runs once a process, in a task that is cancelled on SIGTERM.
    public init(_ name: String, _ body: @escaping @Sendable (_ run: RunEnvironment) async throws -> Void) {
        self.name = name
        self.body = body
    }
}

/// Lists test cases one below the other, with `if` and `for` where wanted.
@resultBuilder
public enum TestCaseBuilder {
    /// One test case.
    public static func buildExpression(_ testCase: TestCase) -> [TestCase] { [testCase] }
    /// Several, e.g. of another type.
    public static func buildExpression(_ testCases: [TestCase]) -> [TestCase] { testCases }
    /// One after the other.
    public static func buildBlock(_ testCases: [TestCase]...) -> [TestCase] { testCases.flatMap(\.self) }
    /// `if` without `else`.
    public static func buildOptional(_ testCases: [TestCase]?) -> [TestCase] { testCases ?? [] }
    /// `if`
    public static func buildEither(first testCases: [TestCase]) -> [TestCase] { testCases }
    /// `else`
    public static func buildEither(second testCases: [TestCase]) -> [TestCase] { testCases }
    /// `for`
    public static func buildArray(_ testCases: [[TestCase]]) -> [TestCase] { testCases.flatMap(\.self) }
}
