// Captured packets between the switch's thread and the one that writes files: two buffers that change places.
//
// Hot path: only of members whose packets are captured; one lock, never held while anything is written, and a
// copy. When the writer does not keep up, packets are missing from the files and counted; the switch
// does not wait.

import LinuxSystem
import Synchronization

final class CaptureBuffer: Sendable {
    /// Of each buffer: a tenth of a second at 1 Gbit/s.
    static let byteCount = 16 * 1_024 * 1_024
    private static let stride = (MemoryLayout<CaptureRecord>.stride + 7) & ~7

    private final class Memory: @unchecked Sendable {
        // Unchecked: reached under the lock, or by the writer alone once it has taken it.
        let base = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 8)

        deinit { base.deallocate() }
    }

    private struct State {
        var current = Memory()
        /// The buffer that the writer has read.
        var spare = Memory()
        var used = 0
        var missing: UInt64 = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let wakeUp: WakeUp

    init() throws(SystemError) { wakeUp = try WakeUp() }

    /// Takes a packet down; counts it as missing when there is no room.
    func record(_ record: CaptureRecord, _ base: UnsafeRawPointer, count: Int) {
        var record = record
        record.count = Int32(count)
        let needed = Self.stride + (count + 7) & ~7
        let wasEmpty = state.withLock { state in
            guard state.used + needed <= Self.byteCount else {
                state.missing += 1
                return false
            }
            let place = state.current.base + state.used
            place.storeBytes(of: record, as: CaptureRecord.self)
            (place + Self.stride).copyMemory(from: base, byteCount: count)
            state.used += needed
            return state.used == needed
        }
        if wasEmpty { wakeUp.signal() }
    }

    /// No packets come any more.
    func close() {
        state.withLock { $0.isClosed = true }
        wakeUp.signal()
    }

    var missing: UInt64 { state.withLock { $0.missing } }

    /// Waits for packets and gives each, from its IP header, to the body; false once closed. For one thread.
    func take(_ body: (CaptureRecord, [UInt8]) -> Void) -> Bool {
        wakeUp.wait()
        let (memory, used, isClosed) = state.withLock { state in
            let full = (state.current, state.used, state.isClosed)
            swap(&state.current, &state.spare)
            state.used = 0
            return full
        }
        var offset = 0
        while offset < used {
            let record = (memory.base + offset).load(as: CaptureRecord.self)
            let count = Int(record.count)
            let packet = memory.base + offset + Self.stride
            // The kernel leaves checksums to the device; readers would call them wrong.
            Checksum.complete(packet, count: count)
            let bytes = UnsafeRawBufferPointer(start: packet, count: count)
            body(record, Array(bytes.dropFirst(OffloadHeader.byteCount)))
            offset += Self.stride + (count + 7) & ~7
        }
        // Whoever closes it records nothing more.
        return !isClosed
    }
}
