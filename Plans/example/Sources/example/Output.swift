// Messages and stages: what a plan says while it runs.

import Testground

func output(_ run: RunEnvironment) async throws {
    run.recordMessage("hello from \(run.group), one of \(run.instanceCount) instances of \(run.plan)")
    // Stages are shown live with the number of instances in them; one that hangs is named in the report.
    await run.stage("greeting") {
        for language in ["hello", "salut", "hallo"] { run.recordMessage(language) }
    }
}
