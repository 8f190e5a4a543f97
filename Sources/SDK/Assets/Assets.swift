// Files that a plan writes into its outputs.

import InstanceContract
import LinuxSystem
import Synchronization

/// An asset that could not be made or written, as a sentence.
public struct AssetError: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

/// A file in the outputs that a plan writes bytes or text to. It may be used from several tasks; writes are
/// whole.
public final class RawAsset: Sendable {
    /// Absolute path of the file.
    public let path: String
    private let file: Mutex<OutputFile>

    init(path: String) throws(AssetError) {
        self.path = path
        do throws(SystemError) {
            if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
                try Directories.make(String(path[..<slash]))
            }
            file = Mutex(try OutputFile(path: path, mode: .append))
        } catch {
            throw AssetError("the asset cannot be made: \(error)")
        }
    }

    public func write(_ bytes: some Collection<UInt8> & Sendable) throws(AssetError) {
        do throws(SystemError) {
            try file.withLock { file throws(SystemError) in try file.write(bytes) }
        } catch {
            throw AssetError("the asset cannot be written: \(error)")
        }
    }

    public func write(_ text: String) throws(AssetError) { try write(Array(text.utf8)) }
}
