// How fast the platform is, as its plans see it. Metrics have the names of upstream's plan of the same name.

import Testground

@main
struct Benchmarks: TestPlan {
    static var testCases: [TestCase] {
        TestCase("startup", startup)
        TestCase("netinit", netInit)
        TestCase("netlinkshape", netLinkShape)
        TestCase("barrier", barrier)
        TestCase("subtree", subtree)
        TestCase("storm", storm)
    }
}

struct BenchmarkError: Error, CustomStringConvertible {
    var description: String
}

extension Duration {
    var seconds: Double { self / .seconds(1) }
}
