// A plan that shows what plans are made of: each test case stands in a file of its own.

import Testground

@main
struct Example: TestPlan {
    static var testCases: [TestCase] {
        TestCase("output", output)
        TestCase("failure", failure)
        TestCase("params", params)
        TestCase("sync", sync)
        TestCase("metrics", metrics)
        TestCase("artifact", artifact)
    }
}
