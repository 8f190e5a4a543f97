// How a test case fails: it throws, and the error's description is what people read.

import Testground

struct WidgetError: Error, CustomStringConvertible {
    var description: String
}

func failure(_ run: RunEnvironment) async throws {
    run.recordMessage("this instance is about to fail, and with it the run")
    throw WidgetError(description: "this case always fails")
}
