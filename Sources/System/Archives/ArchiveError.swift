// What can go wrong with an archive.

/// An archive could not be written; `message` names the file and libarchive's reason.
package struct ArchiveError: Error, Sendable, CustomStringConvertible {
    package var message: String

    package var description: String { message }
}
