// Parameters with types. Their defaults stand in manifest.toml; compositions and --test-param set others.

import Testground

func params(_ run: RunEnvironment) async throws {
    // A value that does not fit fails the instance with the parameter's name, its value and the form
    // expected.
    let widgets = try run.parameters.int("widgets")
    let ratio = try run.parameters.double("ratio")
    let colour = try run.parameters.string("colour")
    let strict = try run.parameters.bool("strict")
    let sizes = try run.parameters.json("sizes", as: [Int].self)
    let limit = try run.parameters.size("limit")
    let pause = try run.parameters.duration("pause")
    run.recordMessage("\(widgets) \(colour) widgets of \(sizes) bytes, none larger than \(limit)")

    let checked = Int(Double(widgets) * ratio)
    for number in 0..<widgets {
        try await Task.sleep(for: pause)
        guard number < checked, let size = sizes.max(), size > limit else { continue }
        let message = "widget \(number) has \(size) bytes, more than \(limit)"
        if strict { throw WidgetError(description: message) }
        run.recordMessage(message)
    }
    run.recordMessage("\(checked) of \(widgets) widgets were checked")
}
