// Instruments by name.

import InstanceContract
import Synchronization

/// What a metric offers its registry.
protocol Instrument: AnyObject, Sendable {
    var type: MetricType { get }

    /// The measures now, in the order of the contract. Resetting instruments start anew.
    func measures() -> [MetricLine.Measure]
}

/// The instruments of one stream.
final class MetricRegistry: Sendable {
    private let instruments = Mutex<[String: any Instrument]>([:])

    /// The instrument of that name, which has its tags in it, made when there is none.
    func instrument<Kind: Instrument>(_ name: String, make: (String) -> Kind) -> Kind {
        // Made outside of the lock, and thrown away when another thread was first.
        let existing = instruments.withLock { $0[name] }
        let candidate = existing ?? make(name)
        let found = instruments.withLock { instruments in
            if let winner = instruments[name] { return winner }
            instruments[name] = candidate
            return candidate
        }
        guard let instrument = found as? Kind else {
            preconditionFailure(
                "the metric \"\(name)\" exists as a \(found.type.rawValue): choose another name")
        }
        return instrument
    }

    /// One line for each instrument, sorted by name.
    ///
    /// - Parameter timestamp: Unix time in nanoseconds.
    func collect(timestamp: Int64) -> [MetricLine] {
        // Measured outside of the lock: a functional gauge may ask for another metric.
        let current = instruments.withLock { $0 }
        return current.sorted { $0.key < $1.key }.map { name, instrument in
            MetricLine(
                timestamp: timestamp, type: instrument.type, name: name, measures: instrument.measures())
        }
    }
}
