import Rectifier
import RectifierText

/// A few samples drawn with characters: images in shades, points in the plane by class or value.
struct SamplePicture {
    private let data: Dataset
    private let terminal: Terminal

    init(_ data: Dataset, terminal: Terminal) {
        self.data = data
        self.terminal = terminal
    }

    var lines: [String] {
        switch data.sampleShape {
        case let shape where shape.count == 2: images(rows: shape[0], columns: shape[1])
        case [2]: plane
        default: ["\(Format.count(data.count)) samples of \(Format.shape(data.sampleShape))"]
        }
    }

    private func feature(_ index: Int) -> Double { data.features[index] }

    private func label(_ sample: Int) -> String {
        switch data.targets {
        case .classes(let classes, let names): names[Int(classes[sample])]
        case .values(let values, let width): Format.fixed(Double(values[sample * width]), 2)
        case .doubleValues(let values, let width): Format.fixed(values[sample * width], 2)
        case .none: ""
        }
    }

    // ===--- Images, side by side as the width allows ---===//

    private func images(rows: Int, columns: Int) -> [String] {
        let shades = Array(" .:-=+*#%@")
        let perLine = max(1, (terminal.width + 2) / (columns + 2))
        var lines: [String] = []
        for first in stride(from: 0, to: min(data.count, 10), by: perLine) {
            let shown = first..<min(first + perLine, min(data.count, 10))
            lines.append(shown.map { label($0).padded(to: columns) }.joined(separator: "  "))
            for row in 0..<rows {
                let parts = shown.map { sample in
                    String(
                        (0..<columns).map { column in
                            let value = feature((sample * rows + row) * columns + column)
                            return shades[max(0, min(shades.count - 1, Int(value * Double(shades.count))))]
                        })
                }
                lines.append(parts.joined(separator: "  "))
            }
        }
        return lines
    }

    // ===--- Points in the plane ---===//

    private var plane: [String] {
        let columns = 60, rows = 30
        let coordinates = (0..<data.count).map { (x: feature(2 * $0), y: feature(2 * $0 + 1)) }
        let extent = max(coordinates.map { max(abs($0.x), abs($0.y)) }.max() ?? 1, 1e-9)
        var grid = Array(repeating: Array(repeating: " ", count: columns), count: rows)
        for (sample, point) in coordinates.enumerated() {
            let column = Int((point.x / extent + 1) / 2 * Double(columns - 1) + 0.5)
            let row = Int((1 - point.y / extent) / 2 * Double(rows - 1) + 0.5)
            grid[row][column] = mark(sample)
        }
        return grid.map { $0.joined() }
    }

    /// `o` and `+` for classes, a sign and colour for values.
    private func mark(_ sample: Int) -> String {
        let isUpper: Bool
        switch data.targets {
        case .classes(let classes, _): isUpper = classes[sample] > 0
        case .values(let values, let width): isUpper = values[sample * width] > 0
        case .doubleValues(let values, let width): isUpper = values[sample * width] > 0
        case .none: return "·"
        }
        return isUpper ? terminal.styled("+", .cyan) : terminal.styled("o", .green)
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
