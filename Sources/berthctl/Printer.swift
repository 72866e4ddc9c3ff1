import FoundationEssentials
import Glibc

/// Columns as wide as their widest cell.
struct TextTable {
    private var rows: [[String]]

    init(_ header: String...) { rows = [header] }

    mutating func add(_ cells: String...) { rows.append(cells) }

    var text: String {
        let columns = rows[0].count
        let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { index, cell in
                index == columns - 1 ? cell : cell + String(repeating: " ", count: widths[index] - cell.count + 3)
            }.joined()
        }.joined(separator: "\n")
    }
}

func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
}

/// As kubectl writes ages: the largest unit that says enough.
func age(since date: Date, now: Date = Date()) -> String {
    let seconds = max(0, Int(now.timeIntervalSince(date)))
    return switch seconds {
    case ..<120: "\(seconds)s"
    case ..<7200: "\(seconds / 60)m"
    case ..<172_800: "\(seconds / 3600)h"
    default: "\(seconds / 86400)d"
    }
}

/// Bytes in binary units, without a fraction where the number is whole.
func bytes(_ count: Int) -> String {
    var amount = Double(count)
    for unit in ["B", "Ki", "Mi", "Gi"] {
        if amount < 1024 { return (amount.rounded() == amount ? "\(Int(amount))" : "\((amount * 10).rounded() / 10)") + unit }
        amount /= 1024
    }
    return "\((amount * 10).rounded() / 10)Ti"
}
