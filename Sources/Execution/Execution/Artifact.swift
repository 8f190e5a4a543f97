// What builders make and runners start.

package enum ArtifactKind: String, Sendable, Hashable, Codable {
    case executable, image
}

/// The product of a build.
package enum Artifact: Sendable, Hashable {
    /// Absolute path of an executable file.
    case executable(path: String)
    /// An image's name or id.
    case image(String)

    package var kind: ArtifactKind {
        switch self {
        case .executable: .executable
        case .image: .image
        }
    }

    /// The path, or the image's name.
    package var reference: String {
        switch self {
        case .executable(let path): path
        case .image(let name): name
        }
    }
}
