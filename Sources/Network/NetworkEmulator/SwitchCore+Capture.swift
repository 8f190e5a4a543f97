// What the switch tells a capture: nothing where the member has none, which costs a comparison.
//
// Hot path: see SwitchCore.swift.

import LinkModel
import LinuxSystem

extension SwitchCore {
    /// A packet that no link decides about.
    func note(
        _ event: CaptureEvent, _ packet: Packet, _ sender: UnsafeMutablePointer<Member>, at now: Instant
    ) {
        guard sender.pointee.capture >= 0, let capture else { return }
        capture.record(
            CaptureRecord(file: sender.pointee.capture, event: event, time: now.nanoseconds), packet.base,
            count: packet.totalCount)
    }

    /// What a link has decided about a packet.
    func note(
        _ fate: Fate, _ base: UnsafeRawPointer, _ count: Int, _ sender: UnsafeMutablePointer<Member>,
        at now: Instant
    ) {
        guard sender.pointee.capture >= 0, let capture else { return }
        var record = CaptureRecord(
            file: sender.pointee.capture, event: .delivered, time: now.nanoseconds)
        switch fate {
        case .reject: record.event = .rejected
        case .drop(.filtered): record.event = .filtered
        case .drop(.lost): record.event = .lost
        case .drop(.queueFull): record.event = .queueFull
        case .deliver(let delivery, let copy):
            record.delay = max(0, (delivery.due - now).nanoseconds)
            if let copy { record.copyDelay = max(0, (copy.due - now).nanoseconds) }
            record.corruptedBit = Int32(delivery.corruptedBit ?? -1)
        }
        capture.record(record, base, count: count)
    }

    /// A packet as its receiver gets it.
    func noteArrival(
        _ base: UnsafeRawPointer, _ count: Int, at receiver: UnsafeMutablePointer<Member>, late: Int64,
        isTaken: Bool
    ) {
        let record = CaptureRecord(
            file: receiver.pointee.capture, event: isTaken ? .arrived : .notTaken,
            time: SystemClock.monotonic(), delay: late)
        capture?.record(record, base, count: count)
    }
}
