// What a process knows about itself and how it ends. environ(7), gethostname(2), _exit(2).

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

package enum ThisProcess {
    /// The environment variables at the time of the call.
    package static var environment: [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text)
            if let sign = pair.utf8.firstIndex(of: UInt8(ascii: "=")) {
                variables[String(pair[..<sign])] = String(pair[pair.utf8.index(after: sign)...])
            }
            entry += 1
        }
        return variables
    }

    /// The host's name, at most 64 bytes on Linux.
    package static var hostName: String {
        var bytes = [UInt8](repeating: 0, count: 256)
        let result = bytes.withUnsafeMutableBufferPointer { buffer -> Int32 in
            guard let start = buffer.baseAddress else { return -1 }
            return start.withMemoryRebound(to: CChar.self, capacity: buffer.count) {
                gethostname($0, buffer.count - 1)
            }
        }
        return result == 0 ? String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) : ""
    }

    /// Whether the process has the superuser's id, and so usually its rights.
    package static var isRoot: Bool { geteuid() == 0 }

    /// Ends the process after flushing stdio. Destructors do not run: other threads still use what they would
    /// destroy.
    package static func end(status: Int32) -> Never {
        fflush(nil)
        _exit(status)
    }
}
