// Numbers, durations and counts as people read them.

import Foundation

enum Wording {
    /// `1,234`
    static func number(_ value: Int) -> String {
        var digits = String(value.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (value < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
    }

    /// `1 instance`, `1,234 instances`
    static func count(_ value: Int, _ noun: String, plural: String? = nil) -> String {
        "\(number(value)) \(value == 1 ? noun : plural ?? noun + "s")"
    }

    /// `0.042 s`, `12.3 s`, `2 m 05 s`, `1 h 02 m`
    static func seconds(_ value: Double) -> String {
        switch value {
        case ..<10: String(format: "%.3f s", max(0, value))
        case ..<100: String(format: "%.1f s", value)
        case ..<3600: String(format: "%d m %02d s", Int(value) / 60, Int(value) % 60)
        default: String(format: "%d h %02d m", Int(value) / 3600, Int(value) / 60 % 60)
        }
    }

    /// Seconds as `0.06 ms`
    static func milliseconds(_ seconds: Double) -> String { String(format: "%.2f ms", seconds * 1000) }

    /// Time since a run's start, `12.3452s`: one width up to a day.
    static func stamp(_ value: Double) -> String {
        let text = String(format: "%.4fs", max(0, value))
        return VisibleText.padded(text, to: 10, alignRight: true)
    }

    /// A text as a POSIX shell reads it back as one word.
    static func shellWord(_ text: String) -> String {
        let plain = text.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_./:=@%+,".utf8.contains($0)
            }
        }
        if plain, !text.isEmpty { return text }
        return "'" + text.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }
}
