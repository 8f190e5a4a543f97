// Packets that wait, by the time at which they are due.
//
// Hot path: a binary heap in raw memory; entries are 40 bytes without references.

import LinkModel

/// A packet that waits for its time.
struct PendingDelivery {
    var due: Instant
    /// Order of arrival: packets due at the same instant keep it.
    var order: UInt64
    var slot: BufferSlot
    var count: Int32
    /// Wire segments that the packet stands for.
    var segments: Int32
    var member: Int32
    /// The member's generation when the packet was sent; a later one is another instance.
    var generation: UInt32
}

/// A heap of deliveries, the earliest first. Its size is bounded by the buffers that its entries hold.
struct DeliveryQueue: ~Copyable {
    private var entries: UnsafeMutablePointer<PendingDelivery>
    private var capacity = 1_024
    private(set) var count = 0
    private var order: UInt64 = 0

    init() { entries = .allocate(capacity: capacity) }

    deinit { entries.deallocate() }

    /// When the next delivery is due; nil when none waits.
    var nextDue: Instant? { count == 0 ? nil : entries[0].due }

    mutating func push(
        due: Instant, slot: BufferSlot, count bytes: Int, segments: Int, member: Int32, generation: UInt32
    ) {
        if count == capacity { grow() }
        order &+= 1
        let entry = PendingDelivery(
            due: due, order: order, slot: slot, count: Int32(truncatingIfNeeded: bytes),
            segments: Int32(truncatingIfNeeded: segments), member: member,
            generation: generation)
        var index = count
        count += 1
        while index > 0 {
            let parent = (index - 1) / 2
            guard Self.precedes(entry, entries[parent]) else { break }
            entries[index] = entries[parent]
            index = parent
        }
        entries[index] = entry
    }

    /// The earliest delivery if it is due.
    mutating func pop(at now: Instant) -> PendingDelivery? {
        guard count > 0, entries[0].due <= now else { return nil }
        let first = entries[0]
        count -= 1
        guard count > 0 else { return first }
        let last = entries[count]
        var index = 0
        while true {
            var child = 2 * index + 1
            guard child < count else { break }
            if child + 1 < count, Self.precedes(entries[child + 1], entries[child]) { child += 1 }
            guard Self.precedes(entries[child], last) else { break }
            entries[index] = entries[child]
            index = child
        }
        entries[index] = last
        return first
    }

    private static func precedes(_ left: PendingDelivery, _ right: PendingDelivery) -> Bool {
        left.due != right.due ? left.due < right.due : left.order < right.order
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<PendingDelivery>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: entries, count: count)
        entries.deallocate()
        entries = larger
        capacity *= 2
    }
}
