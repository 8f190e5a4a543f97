// IP addresses as text. inet_pton(3), inet_ntop(3).

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

extension AddressBytes {
    /// Reads `16.0.0.2` or `fd00::2`.
    package init?(_ text: String) {
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            if inet_pton(family, text, &bytes) == 1 {
                self.init(bytes)
                return
            }
        }
        return nil
    }

    package var text: String {
        // The longest IPv6 address has 45 characters.
        var buffer = [CChar](repeating: 0, count: 64)
        guard
            inet_ntop(isIPv4 ? AF_INET : AF_INET6, bytes, &buffer, socklen_t(buffer.count)) != nil
        else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
