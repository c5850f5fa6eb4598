/// The JSON header of a safetensors file. Only the JSON that the format uses is understood, so a header cannot make the
/// reader recurse, and repeated names, which most JSON readers drop silently, are found.
struct SafeTensorsHeader {
    struct Entry {
        var name: String
        var type = ""
        var shape: [Int] = []
        var start = 0
        var end = 0
    }

    struct Damage: Error {
        var what: String
    }

    var metadata: [String: String] = [:]
    /// As they are listed, which need not be the order of their numbers.
    var entries: [Entry] = []

    var entriesByOffset: [Entry] {
        // The listed order decides between tensors without elements.
        entries.enumerated().sorted { ($0.element.start, $0.element.end, $0.offset) < ($1.element.start, $1.element.end, $1.offset) }.map(
            \.element)
    }

    init(_ bytes: UnsafeRawBufferPointer) throws(Damage) {
        var scanner = JSONScanner(bytes: bytes)
        // The format allows no space before the brace.
        guard bytes.first == UInt8(ascii: "{") else { throw Damage(what: "its header does not begin with {") }
        var names: Set<String> = []
        try scanner.members { scanner, name throws(Damage) in
            guard names.insert(name).inserted else { throw Damage(what: "its header names \(quoted(name)) twice") }
            if name == SafeTensors.metadataName {
                try scanner.members { scanner, key throws(Damage) in
                    let value = try scanner.string()
                    guard metadata.updateValue(value, forKey: key) == nil else {
                        throw Damage(what: "its metadata repeat \(quoted(key))")
                    }
                }
            } else {
                entries.append(try Self.entry(name, &scanner))
            }
        }
        try scanner.expectEnd()
    }

    private static func entry(_ name: String, _ scanner: inout JSONScanner) throws(Damage) -> Entry {
        var entry = Entry(name: name)
        var missing: Set = ["dtype", "shape", "data_offsets"]
        try scanner.members { scanner, field throws(Damage) in
            guard missing.remove(field) != nil else {
                throw Damage(what: "tensor \(quoted(name)) has an unknown or repeated field \(quoted(field))")
            }
            switch field {
            case "dtype": entry.type = try scanner.string()
            case "shape": entry.shape = try scanner.integers()
            default:
                let offsets = try scanner.integers()
                guard offsets.count == 2 else { throw Damage(what: "tensor \(quoted(name)) has \(offsets.count) data_offsets, not 2") }
                (entry.start, entry.end) = (offsets[0], offsets[1])
            }
        }
        if let field = missing.min() { throw Damage(what: "tensor \(quoted(name)) has no \(field)") }
        return entry
    }
}

/// Reads objects, strings and whole numbers.
private struct JSONScanner {
    typealias Damage = SafeTensorsHeader.Damage

    let bytes: UnsafeRawBufferPointer
    var position = 0

    /// `{"name": value, …}`; `value` reads each value.
    mutating func members(_ value: (inout JSONScanner, String) throws(Damage) -> Void) throws(Damage) {
        try expect("{")
        if accept("}") { return }
        repeat {
            let name = try string()
            try expect(":")
            try value(&self, name)
        } while accept(",")
        try expect("}")
    }

    /// `[1, 2, …]`, none negative.
    mutating func integers() throws(Damage) -> [Int] {
        try expect("[")
        if accept("]") { return [] }
        var numbers: [Int] = []
        repeat {
            numbers.append(try integer())
            // No shape has so many, and each takes many times its text of memory.
            guard numbers.count <= 64 else { throw Damage(what: "its header has a list of more than 64 numbers at byte \(position)") }
        } while accept(",")
        try expect("]")
        return numbers
    }

    private mutating func integer() throws(Damage) -> Int {
        skipSpace()
        let start = position
        var value = 0
        while position < bytes.count, case UInt8(ascii: "0")...UInt8(ascii: "9") = bytes[position] {
            let (tens, overflow1) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow2) = tens.addingReportingOverflow(Int(bytes[position] - UInt8(ascii: "0")))
            if overflow1 || overflow2 { throw Damage(what: "its header has a number beyond 64 bits at byte \(start)") }
            value = sum
            position += 1
        }
        let digits = position - start
        if digits == 0 || (digits > 1 && bytes[start] == UInt8(ascii: "0")) { throw unexpected("a whole number", at: start) }
        return value
    }

    mutating func string() throws(Damage) -> String {
        try expect("\"")
        let start = position
        var content: [UInt8] = []
        while true {
            guard position < bytes.count else { throw unexpected("the end of a string", at: start) }
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: content, as: UTF8.self) else {
                    throw Damage(what: "its header has a string that is not UTF-8 at byte \(start)")
                }
                return text
            case UInt8(ascii: "\\"): content.append(contentsOf: try escape().utf8)
            case 0..<0x20: throw unexpected("a string without control characters", at: position - 1)
            default: content.append(byte)
            }
        }
    }

    /// What follows a backslash.
    private mutating func escape() throws(Damage) -> String {
        let start = position
        guard position < bytes.count else { throw unexpected("an escaped character", at: start) }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            var units = [try codeUnit()]
            if UTF16.isLeadSurrogate(units[0]), position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u")
            {
                position += 2
                units.append(try codeUnit())
            }
            guard let text = String(validating: units, as: UTF16.self) else { throw unexpected("a Unicode character", at: start) }
            return text
        default: throw unexpected("an escaped character", at: start)
        }
    }

    private mutating func codeUnit() throws(Damage) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard position < bytes.count, let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue, bytes[position] < 0x80
            else { throw unexpected("a hexadecimal digit", at: position) }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
    }

    private mutating func accept(_ symbol: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: symbol) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ symbol: Unicode.Scalar) throws(Damage) {
        if !accept(symbol) { throw unexpected("\(symbol)", at: position) }
    }

    mutating func expectEnd() throws(Damage) {
        skipSpace()
        if position < bytes.count { throw unexpected("its end", at: position) }
    }

    private func unexpected(_ wanted: String, at position: Int) -> Damage {
        Damage(what: "its header lacks \(wanted) at byte \(position)")
    }
}

/// The text as a JSON string, quotes included.
func jsonString(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": quoted += "\\\""
        case "\\": quoted += "\\\\"
        case "\0"..<" ":
            let digits = String(scalar.value, radix: 16)
            quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: quoted.unicodeScalars.append(scalar)
        }
    }
    return quoted + "\""
}
