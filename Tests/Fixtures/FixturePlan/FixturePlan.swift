// A plan whose instances end in every way there is; the SDK's tests run it as a child process.

import Testground

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

@main struct FixturePlan: TestPlan {
    static var testCases: [TestCase] {
        TestCase("ok") { run in run.recordMessage("hello") }
        TestCase("fails") { _ in throw Failure(description: "as \"expected\"") }
        TestCase("success-then-failure") { run in
            run.recordSuccess()
            throw Failure(description: "after all")
        }
        TestCase("prints") { run in
            // Without a newline: must not get into an event's line.
            print("half a line", terminator: "")
            run.recordMessage("whole")
            print(" and its rest")
        }
        TestCase("stalls") { run in
            run.recordMessage("stalling")
            try await Task.sleep(for: .seconds(3600))
        }
        TestCase("ignores-cancellation") { run in
            run.recordMessage("stalling")
            while true { try? await Task.sleep(for: .seconds(3600)) }
        }
        TestCase("fatal-error") { _ in crashHere() }
        TestCase("abort") { _ in abort() }
        TestCase("bad-memory") { run in
            // An address that is never mapped, out of the optimiser's sight.
            let address = try run.parameters.int("address")
            let pointer = UnsafeMutablePointer<Int>(bitPattern: address)
            pointer?.pointee = 1
        }
        TestCase("stack-overflow") { _ in _ = overflow(1) }
        TestCase("main-stack-overflow") { _ in _ = await MainActor.run { overflow(1) } }
    }
}

struct Failure: Error, CustomStringConvertible {
    let description: String
}

@inline(never) func crashHere() -> Never { fatalError("the fixture's own message") }

/// Endless only at run time: the compiler refuses what it can see never to return.
@inline(never) func overflow(_ depth: Int) -> Int {
    depth == 0 ? 0 : overflow(depth + 1) + depth
}
