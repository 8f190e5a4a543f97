// The addresses this machine, or network namespace, has. getifaddrs(3), getnameinfo(3).

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// One address of one interface.
package struct InterfaceAddress: Sendable, Hashable {
    /// E.g. `data0`.
    package var interface: String
    /// In numeric form, IPv4 or IPv6.
    package var address: String
    package var isUp: Bool

    /// All addresses, in the kernel's order.
    package static func all() throws(SystemError) -> [InterfaceAddress] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { throw .last("getifaddrs") }
        defer { freeifaddrs(list) }
        var addresses: [InterfaceAddress] = []
        var entry = list
        while let current = entry?.pointee {
            if let socketAddress = current.ifa_addr, let text = numeric(socketAddress) {
                addresses.append(
                    InterfaceAddress(
                        interface: String(cString: current.ifa_name), address: text,
                        isUp: current.ifa_flags & UInt32(IFF_UP) != 0))
            }
            entry = current.ifa_next
        }
        return addresses
    }

    private static func numeric(_ address: UnsafeMutablePointer<sockaddr>) -> String? {
        let size: Int
        switch Int32(address.pointee.sa_family) {
        case AF_INET: size = MemoryLayout<sockaddr_in>.size
        case AF_INET6: size = MemoryLayout<sockaddr_in6>.size
        default: return nil
        }
        var bytes = [UInt8](repeating: 0, count: Int(NI_MAXHOST))
        let result = bytes.withUnsafeMutableBytes {
            getnameinfo(
                address, socklen_t(size), $0.baseAddress?.assumingMemoryBound(to: CChar.self),
                socklen_t($0.count), nil, 0, NI_NUMERICHOST)
        }
        return result == 0 ? String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self) : nil
    }
}
