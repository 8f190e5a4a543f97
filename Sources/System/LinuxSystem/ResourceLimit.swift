// Limits of this process and its children. getrlimit(2), setrlimit(2)

import CLinux

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A limit with its soft value, which counts, and its hard value, to which anyone may raise the soft one.
package struct ResourceLimit: Sendable, Hashable {
    package var soft: UInt64
    package var hard: UInt64

    /// No limit (`RLIM_INFINITY`).
    package static let unlimited = UInt64.max

    package init(soft: UInt64, hard: UInt64) {
        self.soft = soft
        self.hard = hard
    }

    package enum Kind: Sendable, Hashable, CaseIterable {
        /// One more than the highest descriptor.
        case descriptors
        /// Processes and threads of the user; root is exempt.
        case processes
        /// Bytes of a file; a write beyond gets SIGXFSZ.
        case fileSize
        /// Bytes of a core dump.
        case coreSize

        var number: Int32 {
            switch self {
            case .descriptors: clinux_limit_descriptors
            case .processes: clinux_limit_processes
            case .fileSize: clinux_limit_file_size
            case .coreSize: clinux_limit_core
            }
        }
    }

    package static func current(_ kind: Kind) throws(SystemError) -> ResourceLimit {
        var limit = ResourceLimit(soft: 0, hard: 0)
        guard clinux_get_limit(kind.number, &limit.soft, &limit.hard) == 0 else { throw .last("getrlimit") }
        return limit
    }

    /// Raises the soft limit of this process to `wanted`, or as far as the hard limit lets it; returns what
    /// holds now.
    @discardableResult
    package static func raise(_ kind: Kind, to wanted: UInt64) throws(SystemError) -> ResourceLimit {
        var limit = try current(kind)
        guard limit.soft < wanted else { return limit }
        limit.soft = min(wanted, limit.hard)
        guard clinux_set_limit(kind.number, limit.soft, limit.hard) == 0 else { throw .last("setrlimit") }
        return limit
    }
}
