import Foundation
import Rectifier
import RectifierReports

/// Predictions as text or numbers, row by row.
struct PredictionTable {
    enum Form { case csv, json }

    private let predictions: Predictions
    private let allProbabilities: Bool
    private let kept: KeptColumns?
    private let count: Int

    /// - Parameter kept: columns of the data, which stand before the predictions.
    init(_ predictions: Predictions, allProbabilities: Bool, kept: KeptColumns? = nil) {
        self.kept = kept
        self.predictions = predictions
        self.allProbabilities = allProbabilities
        count = predictions.count
    }

    /// Hands over the text in pieces of about 64 kB.
    func write(_ form: Form, to sink: (String) throws -> Void) throws {
        var text = form == .csv ? csvHeading : ""
        for row in 0..<count {
            text += form == .csv ? csvLine(row) : jsonLine(row)
            if text.utf8.count > 1 << 16 {
                try sink(text)
                text = ""
            }
        }
        if !text.isEmpty { try sink(text) }
    }

    private func outputs(_ row: Int) -> ArraySlice<Float> {
        predictions.outputs[row * predictions.width..<(row + 1) * predictions.width]
    }

    private func name(ofClass index: Int) -> String {
        predictions.classNames?[index] ?? String(index)
    }

    // ===--- CSV ---===//

    private var csvHeading: String {
        let columns: [String]
        if predictions.classes != nil {
            columns = ["prediction"] + (allProbabilities ? (0..<predictions.width).map(name(ofClass:)) : ["probability"])
        } else {
            columns = predictions.width == 1 ? ["prediction"] : (1...predictions.width).map { "prediction\($0)" }
        }
        return csvLine((kept?.names ?? []) + columns)
    }

    private func csvLine(_ fields: [String]) -> String { fields.map(csvQuoted).joined(separator: ",") + "\n" }

    private func csvLine(_ row: Int) -> String {
        let values = outputs(row)
        let before = kept?.rows[row] ?? []
        guard let predicted = predictions.classes?[row] else { return csvLine(before + values.map(\.description)) }
        let probabilities = allProbabilities ? values.map(\.description) : [values[values.startIndex + predicted].description]
        return csvLine(before + [name(ofClass: predicted)] + probabilities)
    }

    private func csvQuoted(_ text: String) -> String {
        text.contains { $0 == "," || $0 == "\"" || $0.isNewline } ? "\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\"" : text
    }

    // ===--- JSON ---===//

    private func jsonLine(_ row: Int) -> String {
        var line = JSONLine()
        if let kept { for (name, field) in zip(kept.names, kept.rows[row]) { line.add(name, field) } }
        let values = outputs(row)
        if let predicted = predictions.classes?[row] {
            line.add("prediction", name(ofClass: predicted))
            line.add("probability", values[values.startIndex + predicted])
            if allProbabilities {
                var members = JSONLine()
                for (index, value) in values.enumerated() { members.add(name(ofClass: index), value) }
                line.add("probabilities", members)
            }
        } else if predictions.width == 1 {
            line.add("prediction", values.first)
        } else {
            line.add("prediction", Array(values))
        }
        return line.description + "\n"
    }

    // ===--- NPY ---===//

    /// Class numbers as int64 `[rows]`, or probabilities or values as float32 `[rows, width]`; values of width 1 as
    /// `[rows]`.
    var npy: Data {
        if let classes = predictions.classes, !allProbabilities {
            return Self.npyHeader(type: "<i8", shape: [count]) + Self.littleEndian(classes.map(Int64.init))
        }
        let shape = predictions.width == 1 ? [count] : [count, predictions.width]
        return Self.npyHeader(type: "<f4", shape: shape) + Self.littleEndian(predictions.outputs.map(\.bitPattern))
    }

    private static func littleEndian<Number: FixedWidthInteger>(_ numbers: [Number]) -> Data {
        numbers.map(\.littleEndian).withUnsafeBytes { Data($0) }
    }

    /// Version 1.0 of the format: magic, version, length, and a Python literal padded so that the numbers begin at a
    /// multiple of 64.
    private static func npyHeader(type: String, shape: [Int]) -> Data {
        let extents = shape.map { "\($0)," }.joined(separator: " ")
        var text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(extents)), }"
        text += String(repeating: " ", count: 63 - (10 + text.utf8.count) % 64) + "\n"
        let length = UInt16(text.utf8.count)
        return Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]) + Data(text.utf8)
    }
}
