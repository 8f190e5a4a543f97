// Files that a test case makes, and pages it keeps snapshots of.

import InstanceContract
import Synchronization

extension RunEnvironment {
    /// Makes a file in the outputs for bytes or text, and the directories above it.
    ///
    /// - Parameter name: the file's path in the outputs, e.g. `logs/node.log`. An existing file is continued.
    /// - Throws: ``AssetError`` when the file cannot be made.
    public func createRawAsset(_ name: String) throws(AssetError) -> RawAsset {
        try RawAsset(path: outputsPath(of: name))
    }

    /// Makes a file in the outputs for JSON values, one a line, and the directories above it.
    ///
    /// - Parameter name: the file's path in the outputs, e.g. `seen.jsonl`. An existing file is continued.
    /// - Throws: ``AssetError`` when the file cannot be made.
    public func createStructuredAsset(_ name: String) throws(AssetError) -> StructuredAsset {
        try StructuredAsset(path: outputsPath(of: name))
    }

    /// Makes a file of random bytes. What they are follows from the run and this instance.
    ///
    /// - Parameters:
    ///   - size: bytes of the file.
    ///   - directory: an existing directory; the temporary one when left out.
    /// - Returns: the file's absolute path.
    public func createRandomFile(size: Int, in directory: String? = nil) throws(AssetError) -> String {
        try randomAssets.withLock { assets throws(AssetError) in
            try assets.makeFile(in: directory ?? tempPath, size: size)
        }
    }

    /// Makes a directory with directories in it, one below the other, and files of random bytes in all of
    /// them.
    ///
    /// - Parameters:
    ///   - depth: levels of directories below the one that is made, at most 128.
    ///   - files: files in all.
    ///   - size: bytes in all files together.
    ///   - directory: an existing directory; the temporary one when left out.
    /// - Returns: the new directory's absolute path.
    public func createRandomDirectory(
        depth: Int, files: Int = 0, size: Int = 0, in directory: String? = nil
    ) throws(AssetError) -> String {
        try randomAssets.withLock { assets throws(AssetError) in
            try assets.makeDirectory(in: directory ?? tempPath, depth: depth, files: files, size: size)
        }
    }

    /// Gets a URL at an interval and writes each body to `<outputs>/<prefix>/<Unix time in
    /// milliseconds>.out`, until the result's `stop` is called or the instance ends.
    ///
    /// - Parameters:
    ///   - url: e.g. `http://127.0.0.1:9090/metrics`.
    ///   - interval: at least 10 ms.
    ///   - prefix: a directory in the outputs, which is made.
    /// - Throws: ``AssetError`` when the URL is none that can be asked or the directory cannot be made. A
    ///   page that does not answer is reported as a message.
    @discardableResult
    public func httpPeriodicSnapshots(
        of url: String, every interval: Duration, prefix: String
    ) throws(AssetError) -> PeriodicSnapshots {
        let snapshots = PeriodicSnapshots(
            url: url, interval: interval, directory: try outputsPath(of: prefix),
            report: { [events] message in events.record(.message(message)) })
        do {
            try snapshots.start()
        } catch {
            throw AssetError("snapshots cannot be taken: \(error)")
        }
        return snapshots
    }

    /// The absolute path of something in the outputs.
    private func outputsPath(of name: String) throws(AssetError) -> String {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard !name.isEmpty, !parts.contains(".."), !name.hasPrefix("/") else {
            throw AssetError(
                "the asset \"\(name)\" is not within the outputs: give a relative path without ..")
        }
        return "\(outputsPath)/\(name)"
    }
}
