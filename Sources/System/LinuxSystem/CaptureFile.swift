// A file that takes a stream's bytes as they come. open(2), write(2), fstat(2)

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A file written at its end.
package final class CaptureFile: Sendable {
    package let path: String
    private let descriptor: OwnedDescriptor

    private init(path: String, descriptor: OwnedDescriptor) {
        self.path = path
        self.descriptor = descriptor
    }

    /// Makes the file; nil when something is there already.
    package static func create(_ path: String) throws(SystemError) -> CaptureFile? {
        var number: Int32
        repeat {
            number = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o644)
        } while number < 0 && errno == EINTR
        if number < 0 {
            if errno == EEXIST { return nil }
            throw .last("open", path)
        }
        return CaptureFile(path: path, descriptor: OwnedDescriptor(owning: number))
    }

    /// Bytes in the file now, whoever wrote them.
    package var size: Int64 {
        var information = stat()
        return fstat(descriptor.number, &information) == 0 ? Int64(information.st_size) : -1
    }

    /// Appends the first `count` bytes of the buffer.
    ///
    /// - Returns: bytes written, and the error that kept the rest out (a full disk, say).
    package func append(_ buffer: [UInt8], count: Int) -> (written: Int, error: SystemError?) {
        buffer.withUnsafeBytes { bytes in
            var written = 0
            while written < count {
                let result = write(
                    descriptor.number, bytes.baseAddress?.advanced(by: written), count - written)
                if result < 0 {
                    if errno == EINTR { continue }
                    return (written, .last("write", path))
                }
                written += result
            }
            return (written, nil)
        }
    }

    /// Removes the file's name; the file goes when it is closed.
    package func remove() { unlink(path) }

    /// Whether two files hold the same bytes; false when either cannot be read.
    package static func haveEqualContents(_ first: String, _ second: String) -> Bool {
        guard let (one, oneSize) = openForReading(first), let (two, twoSize) = openForReading(second),
            oneSize == twoSize
        else { return false }
        var left = [UInt8](repeating: 0, count: 256 * 1024)
        var right = left
        var offset: Int64 = 0
        while offset < oneSize {
            let wanted = Int(min(Int64(left.count), oneSize - offset))
            guard read(one, &left, wanted, offset), read(two, &right, wanted, offset),
                memcmp(left, right, wanted) == 0
            else { return false }
            offset += Int64(wanted)
        }
        return true
    }

    private static func openForReading(_ path: String) -> (OwnedDescriptor, Int64)? {
        let number = open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { return nil }
        let descriptor = OwnedDescriptor(owning: number)
        var information = stat()
        guard fstat(number, &information) == 0 else { return nil }
        return (descriptor, Int64(information.st_size))
    }

    private static func read(
        _ file: OwnedDescriptor, _ buffer: inout [UInt8], _ count: Int, _ offset: Int64
    ) -> Bool {
        var done = 0
        while done < count {
            let result = buffer.withUnsafeMutableBytes {
                pread(
                    file.number, $0.baseAddress?.advanced(by: done), count - done, off_t(offset) + off_t(done)
                )
            }
            if result < 0 && errno == EINTR { continue }
            guard result > 0 else { return false }
            done += result
        }
        return true
    }
}
