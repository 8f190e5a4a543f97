// Files that a run leaves behind: what is in the outputs directory is collected.

import Testground

func artifact(_ run: RunEnvironment) async throws {
    let notes = try run.createRawAsset("notes/greeting.txt")
    try notes.write("hello from \(run.group)\n")

    struct Sighting: Encodable {
        var peer: Int
        var hops: Int
    }
    let sightings = try run.createStructuredAsset("sightings.jsonl")
    for peer in 1...3 { try sightings.write(Sighting(peer: peer, hops: peer * peer)) }

    // Content to send about. Made in the temporary directory unless another one is given.
    let size = try run.parameters.size("size")
    let file = try run.createRandomFile(size: size, in: run.outputsPath)
    let directory = try run.createRandomDirectory(depth: 2, files: 5, size: size)
    run.recordMessage("\(size) random bytes are in \(file), and as many in the files of \(directory)")
}
