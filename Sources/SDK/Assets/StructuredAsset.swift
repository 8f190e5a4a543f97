// JSON lines in the outputs.

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A file in the outputs with one JSON value a line. It may be used from several tasks; lines are whole.
public final class StructuredAsset: Sendable {
    private let asset: RawAsset

    /// Absolute path of the file.
    public var path: String { asset.path }

    init(path: String) throws(AssetError) { asset = try RawAsset(path: path) }

    /// Appends the value as one line.
    ///
    /// - Throws: `AssetError` when JSON has no such value (infinities, NaN) or the file cannot be written.
    public func write(_ value: some Encodable) throws(AssetError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var line: [UInt8]
        do {
            line = Array(try encoder.encode(value))
        } catch {
            throw AssetError("the value \(value) cannot be written as JSON: \(error)")
        }
        line.append(UInt8(ascii: "\n"))
        try asset.write(line)
    }
}
