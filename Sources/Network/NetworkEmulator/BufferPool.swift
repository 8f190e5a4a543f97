// Memory for packets that wait.
//
// Hot path: slots are carved from slabs and reused, so that no packet costs an allocation; at 500,000 packets
// a second malloc(3) alone would take a tenth of a core.

/// One waiting packet: a small head, then offload header and packet.
struct BufferSlot {
    let memory: UnsafeMutableRawPointer
    let isLarge: Bool

    /// Where offload header and packet lie.
    var packet: UnsafeMutableRawPointer { memory }
}

/// Slots of two sizes, as many as fit the limit.
struct BufferPool: ~Copyable {
    /// A segment on an Ethernet.
    static let smallBytes = 2_048
    /// The largest super-packet: 64 KiB and the offload header.
    static let largeBytes = 65_536 + 64
    /// Slots made at a time.
    private static let smallPerSlab = 512
    private static let largePerSlab = 16

    private let limitBytes: Int
    private(set) var reservedBytes = 0
    private(set) var slotsInUse = 0
    private var small: FreeList
    private var large: FreeList
    private var slabs: UnsafeMutableBufferPointer<UnsafeMutableRawPointer>
    private var slabCount = 0

    /// Slots that are free, as a stack.
    private struct FreeList {
        var slots: UnsafeMutablePointer<UnsafeMutableRawPointer>
        var count = 0
        var capacity: Int

        init(capacity: Int) {
            self.capacity = max(1, capacity)
            slots = .allocate(capacity: self.capacity)
        }
    }

    /// - Parameter limitBytes: memory that waiting packets may take.
    init(limitBytes: Int) {
        self.limitBytes = limitBytes
        small = FreeList(capacity: limitBytes / Self.smallBytes + Self.smallPerSlab)
        large = FreeList(capacity: limitBytes / Self.largeBytes + Self.largePerSlab)
        let slabLimit = limitBytes / (Self.smallPerSlab * Self.smallBytes) + 2
        slabs = .allocate(capacity: slabLimit * 2)
    }

    deinit {
        for index in 0..<slabCount { slabs[index].deallocate() }
        slabs.deallocate()
        small.slots.deallocate()
        large.slots.deallocate()
    }

    /// A slot for so many bytes; nil when the limit is reached.
    mutating func take(_ bytes: Int) -> BufferSlot? {
        let isLarge = bytes > Self.smallBytes
        if isLarge {
            if large.count == 0, !grow(isLarge: true) { return nil }
            large.count -= 1
            slotsInUse += 1
            return BufferSlot(memory: large.slots[large.count], isLarge: true)
        }
        if small.count == 0, !grow(isLarge: false) { return nil }
        small.count -= 1
        slotsInUse += 1
        return BufferSlot(memory: small.slots[small.count], isLarge: false)
    }

    mutating func give(_ slot: BufferSlot) {
        slotsInUse -= 1
        if slot.isLarge {
            large.slots[large.count] = slot.memory
            large.count += 1
        } else {
            small.slots[small.count] = slot.memory
            small.count += 1
        }
    }

    private mutating func grow(isLarge: Bool) -> Bool {
        let (size, count) =
            isLarge ? (Self.largeBytes, Self.largePerSlab) : (Self.smallBytes, Self.smallPerSlab)
        guard reservedBytes + size * count <= limitBytes, slabCount < slabs.count else { return false }
        let slab = UnsafeMutableRawPointer.allocate(byteCount: size * count, alignment: 64)
        slabs[slabCount] = slab
        slabCount += 1
        reservedBytes += size * count
        for index in 0..<count {
            if isLarge {
                large.slots[large.count] = slab + index * size
                large.count += 1
            } else {
                small.slots[small.count] = slab + index * size
                small.count += 1
            }
        }
        return true
    }
}
