// Files and directories of random content, for plans that need something to send about. Written as a stream:
// a file of any size passes through a buffer.

import LinuxSystem

/// Makes files of random bytes. The same seed makes the same content.
struct RandomAssets: Sendable {
    private var random: SeededGenerator

    /// Bytes written at a time.
    private static let bufferBytes = 64 * 1024
    /// Most levels of directories: paths stay far below PATH_MAX, 4096 bytes.
    static let deepest = 128

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// Makes a file of `size` bytes in an existing directory and answers its path.
    mutating func makeFile(in directory: String, size: Int) throws(AssetError) -> String {
        guard size >= 0 else { throw AssetError("a file of \(size) bytes cannot be made: use 0 or more") }
        let path = freePath(in: directory)
        do throws(SystemError) {
            let file = try OutputFile(path: path)
            var rest = size
            while rest > 0 {
                let part = bytes(min(rest, Self.bufferBytes))
                try file.write(part)
                rest -= part.count
            }
        } catch {
            throw AssetError("the random file of \(size) bytes cannot be written: \(error)")
        }
        return path
    }

    /// Makes a directory in an existing one, with `depth` levels of directories in it one below the other,
    /// and `size` bytes in `files` files spread over all of the levels; answers its path.
    mutating func makeDirectory(
        in directory: String, depth: Int, files: Int, size: Int
    ) throws(AssetError) -> String {
        guard (0...Self.deepest).contains(depth), files >= 0, size >= 0, files > 0 || size == 0 else {
            throw AssetError(
                "a directory of depth \(depth) with \(size) bytes in \(files) files cannot be made: "
                    + "depth is 0 to \(Self.deepest), and bytes need a file")
        }
        var levels = [freePath(in: directory)]
        for _ in 0..<depth { levels.append(freePath(in: levels[levels.count - 1])) }
        do throws(SystemError) {
            try Directories.make(levels[levels.count - 1])
        } catch {
            throw AssetError("the random directory cannot be made: \(error)")
        }
        for number in 0..<files {
            // The first files take what does not divide.
            let share = size / files + (number < size % files ? 1 : 0)
            _ = try makeFile(in: levels[number % levels.count], size: share)
        }
        return levels[0]
    }

    /// A path that nothing has yet.
    private mutating func freePath(in directory: String) -> String {
        while true {
            let name = String(random.next(), radix: 36)
            let path = "\(directory)/random-\(name)"
            if !Directories.exists(path) { return path }
        }
    }

    private mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count {
            var word = random.next()
            for _ in 0..<8 {
                bytes.append(UInt8(truncatingIfNeeded: word))
                word >>= 8
            }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }
}
