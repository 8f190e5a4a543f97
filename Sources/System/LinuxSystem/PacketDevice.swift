// Packets of a TUN device, as raw memory. The device itself is made by testground-launch.
//
// Hot path: once for every packet; no array, no optional, errno as a number.

import CLinux

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

package enum PacketDevice {
    /// What a read or write without room, or without a packet, answers.
    package static let wouldBlock = EAGAIN
    /// What the kernel answers once the device is gone with its namespace, or is down.
    package static let gone = EBADFD
    package static let down = EIO

    /// Reads one packet.
    ///
    /// - Returns: its bytes, or the errno below zero.
    package static func read(
        _ descriptor: Int32, _ base: UnsafeMutableRawPointer, capacity: Int
    ) -> Int {
        while true {
            #if canImport(Glibc)
            let count = Glibc.read(descriptor, base, capacity)
            #else
            let count = Musl.read(descriptor, base, capacity)
            #endif
            if count >= 0 { return count }
            if errno != EINTR { return -Int(errno) }
        }
    }

    /// Writes one packet. The receiver's network stack runs on the caller's thread meanwhile.
    ///
    /// - Returns: 0, or the errno.
    package static func write(_ descriptor: Int32, _ base: UnsafeRawPointer, count: Int) -> Int32 {
        while true {
            #if canImport(Glibc)
            let written = Glibc.write(descriptor, base, count)
            #else
            let written = Musl.write(descriptor, base, count)
            #endif
            if written >= 0 { return 0 }
            if errno != EINTR { return errno }
        }
    }
}
