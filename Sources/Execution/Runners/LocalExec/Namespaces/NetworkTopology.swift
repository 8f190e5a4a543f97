// The composition's topology in the emulator's terms: where an instance is, and what lies between.

import Execution
import InstanceContract
import LinkModel
import NetworkEmulator
import TestgroundModel

extension NetworkSettings {
    /// What an instance's network is like before its plan changes anything.
    init(_ instance: InstanceReference, _ addresses: [InterfaceAssignment], _ plan: NetworkPlan) {
        let place = plan.place(ofInstance: instance.index, in: instance.group)
        self.init(addresses: addresses, shape: LinkModel.LinkShape(plan.defaultLink))
        region = place.region
        uplink = place.uplink
        if let region {
            regionShapes = plan.links[region].map { LinkModel.LinkShape($0 ?? plan.defaultLink) }
        }
    }
}

extension LinkModel.LinkShape {
    init(_ quality: LinkQuality) {
        self.init(
            latency: Span(nanoseconds: quality.latencyNanoseconds),
            jitter: Span(nanoseconds: quality.jitterNanoseconds),
            jitterDistribution: quality.jitterDistribution == .normal ? .normal : .uniform,
            bandwidth: Bandwidth(bitsPerSecond: quality.bandwidthBitsPerSecond),
            queueBytes: quality.queueBytes ?? Self.defaultQueueBytes,
            loss: Chance(percentage: quality.loss), duplicate: Chance(percentage: quality.duplicate),
            corrupt: Chance(percentage: quality.corrupt), reorder: Chance(percentage: quality.reorder))
    }
}

extension Uplink {
    init(_ plan: NetworkPlan.Uplink) {
        self.init(
            bandwidth: Bandwidth(bitsPerSecond: plan.bandwidthBitsPerSecond),
            queueBytes: plan.queueBytes ?? LinkModel.LinkShape.defaultQueueBytes)
    }
}
