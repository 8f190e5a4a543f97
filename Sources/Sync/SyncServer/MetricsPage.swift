// The service's figures in Prometheus' text format, version 0.0.4.

import NIOCore
import SyncCore

enum MetricsPage {
    static func text(of loop: SyncLoop) -> String {
        let figures = loop.core.statistics
        let rows: [(name: String, kind: String, help: String, value: String)] = [
            ("sockets", "gauge", "Open sockets, in handshakes or after.", "\(loop.openSockets)"),
            ("connections", "gauge", "Clients connected.", "\(figures.connections)"),
            ("subscriptions", "gauge", "Subscriptions open.", "\(figures.subscriptions)"),
            ("barriers_waiting", "gauge", "Barriers waiting.", "\(figures.barriers)"),
            ("states", "gauge", "States.", "\(figures.states)"),
            ("topics", "gauge", "Topics.", "\(figures.topics)"),
            ("runs", "gauge", "Runs.", "\(figures.runs)"),
            ("entries", "gauge", "Entries in topics.", "\(figures.entries)"),
            ("entry_bytes", "gauge", "Bytes of entries in topics.", "\(figures.entryBytes)"),
            (
                "lateness_seconds", "gauge", "How late the loop came to its last periodic task.",
                "\(Double(max(loop.lateness.nanoseconds, 0)) / 1e9)"
            ),
            ("requests_total", "counter", "Requests received.", "\(loop.messagesReceived)"),
            ("published_total", "counter", "Entries published.", "\(figures.published)"),
            ("delivered_total", "counter", "Entries delivered.", "\(figures.delivered)"),
            ("signalled_total", "counter", "Signals.", "\(figures.signalled)"),
            ("barriers_met_total", "counter", "Barriers met after waiting.", "\(figures.barriersMet)"),
            ("barriers_failed_total", "counter", "Barriers given up.", "\(figures.barriersFailed)"),
            ("cancelled_total", "counter", "Subscriptions and barriers cancelled.", "\(figures.cancelled)"),
            ("refused_total", "counter", "Requests refused.", "\(figures.refused)"),
            ("slow_readers_total", "counter", "Clients closed for not reading.", "\(loop.slowReaders)"),
            ("sent_bytes_total", "counter", "Bytes sent after handshakes.", "\(loop.bytesSent)"),
        ]
        return rows.map { row in
            let name = "testground_sync_\(row.name)"
            return "# HELP \(name) \(row.help)\n# TYPE \(name) \(row.kind)\n\(name) \(row.value)\n"
        }.joined()
    }
}
