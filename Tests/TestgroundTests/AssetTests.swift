// Assets and profiles: files of a plan's outputs.

import LinuxSystem
import Synchronization
import Testing

@testable import Testground

@Suite struct AssetTests {
    @Test(
        "a random file has its size, and its content follows from the seed",
        arguments: [0, 1, 65_536, 200_003])
    func file(size: Int) throws {
        let directory = try TemporaryDirectory.make("assets")
        var assets = RandomAssets(seed: 5)
        var same = RandomAssets(seed: 5)
        var other = RandomAssets(seed: 6)
        let content = try TemporaryDirectory.bytes(of: assets.makeFile(in: directory, size: size))
        #expect(content.count == size)
        let elsewhere = try TemporaryDirectory.make("assets")
        #expect(try TemporaryDirectory.bytes(of: same.makeFile(in: elsewhere, size: size)) == content)
        if size > 1 {
            #expect(try TemporaryDirectory.bytes(of: other.makeFile(in: elsewhere, size: size)) != content)
        }
    }

    @Test("a second file of the same seed in the same directory does not replace the first")
    func collision() throws {
        let directory = try TemporaryDirectory.make("assets")
        for _ in 0..<2 {
            var assets = RandomAssets(seed: 5)
            _ = try assets.makeFile(in: directory, size: 10)
        }
        #expect(try TemporaryDirectory.sizes(below: directory).count == 2)
    }

    @Test("a random directory has its depth, its files and exactly its size")
    func directory() throws {
        let directory = try TemporaryDirectory.make("assets")
        var assets = RandomAssets(seed: 5)
        let path = try assets.makeDirectory(in: directory, depth: 2, files: 7, size: 1000)
        let sizes = try TemporaryDirectory.sizes(below: path)
        #expect(sizes.count == 7)
        #expect(sizes.values.reduce(0, +) == 1000)
        // The deepest files have the names of two directories before theirs.
        #expect(sizes.keys.map { $0.split(separator: "/").count }.max() == 3)
    }

    @Test("sizes and depths that cannot be are refused with the remedy")
    func refused() {
        var assets = RandomAssets(seed: 5)
        #expect(throws: AssetError.self) { try assets.makeFile(in: "/tmp", size: -1) }
        #expect(throws: AssetError.self) {
            try assets.makeDirectory(in: "/tmp", depth: 129, files: 0, size: 0)
        }
        #expect(throws: AssetError.self) { try assets.makeDirectory(in: "/tmp", depth: 1, files: 0, size: 9) }
        let error = #expect(throws: AssetError.self) { try assets.makeFile(in: "/nowhere", size: 1) }
        #expect(error?.description.contains("/nowhere") == true)
    }

    @Test("a raw asset takes bytes and text, and its directory is made")
    func raw() throws {
        let directory = try TemporaryDirectory.make("assets")
        let asset = try RawAsset(path: "\(directory)/a/b.txt")
        try asset.write("first ")
        try asset.write([0x32, 0x0A])
        #expect(try TemporaryDirectory.text(of: asset.path) == "first 2\n")
    }

    @Test("a structured asset has one JSON value a line")
    func structured() throws {
        struct Sighting: Encodable { var peer: String, hops: Int }
        let directory = try TemporaryDirectory.make("assets")
        let asset = try StructuredAsset(path: "\(directory)/sightings.jsonl")
        try asset.write(Sighting(peer: "a/b", hops: 2))
        try asset.write(["x", "y"])
        #expect(
            try TemporaryDirectory.text(of: asset.path) == "{\"hops\":2,\"peer\":\"a/b\"}\n[\"x\",\"y\"]\n")
        #expect(throws: AssetError.self) { try asset.write(Double.nan) }
    }
}

@Suite struct ProfileTests {
    @Test("the profiles that Swift can give are read, the others told")
    func requests() {
        let (requests, messages) = ProfileRequest.read([
            "cpu": "true", "heap": "5s", "mutex": "true", "block": "false",
        ])
        #expect(
            requests == [
                ProfileRequest(kind: .cpu, interval: 1_000_000_000),
                ProfileRequest(kind: .heap, interval: 5_000_000_000),
            ])
        #expect(messages.count == 2)
        #expect(messages.allSatisfy { $0.contains("is not supported") })
    }

    @Test(
        "intervals are durations as Go writes them, not shorter than ten milliseconds",
        arguments: [("1.5m", 90_000_000_000), ("250ms", 250_000_000), ("1us", 10_000_000)])
    func intervals(text: String, nanoseconds: Int64) {
        #expect(ProfileRequest.read(["cpu": text]).requests.first?.interval == nanoseconds)
    }

    @Test("a profile that is off is not captured, one with a bad value neither, which is told")
    func values() {
        #expect(ProfileRequest.read(["cpu": "false"]).messages.isEmpty)
        #expect(ProfileRequest.read(["cpu": "false"]).requests.isEmpty)
        let (requests, messages) = ProfileRequest.read(["heap": "often"])
        #expect(requests.isEmpty)
        #expect(messages.first?.contains("heap=often") == true)
    }

    @Test("profiles are CSV files with a header and at least the samples of start and end")
    func files() throws {
        let directory = try TemporaryDirectory.make("profiles")
        let recorder = ProfileRecorder(
            ["cpu": "1h", "heap": "1h"], directory: directory, report: { Issue.record("\($0)") })
        recorder.start()
        recorder.close()
        let heap = try TemporaryDirectory.text(of: "\(directory)/profile-heap.csv").split(separator: "\n")
        #expect(heap.first == "ts,resident_bytes,peak_resident_bytes")
        #expect(heap.count >= 2)
        for line in heap.dropFirst() {
            let numbers = line.split(separator: ",").compactMap { Int64($0) }
            #expect(numbers.count == 3 && numbers[1] > 0 && numbers[2] >= numbers[1] / 2)
        }
        let cpu = try TemporaryDirectory.text(of: "\(directory)/profile-cpu.csv").split(separator: "\n")
        #expect(cpu.count >= 2)
    }
}
