import Foundation

extension Recipe {
    /// Reads JSON, comments and trailing commas allowed. Does not check ranges: ``validate()`` does.
    ///
    /// - Throws: ``RectifierError`` that names the key and what should stand there.
    public init(json: Data) throws {
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = true
        do {
            try JSONText.check(json)
            self = try decoder.decode(Recipe.self, from: json)
        } catch let flaw as JSONText.Flaw {
            throw RectifierError(.setting, "not valid JSON: \(flaw.description)")
        } catch let error as RectifierError {
            throw error
        } catch {
            throw RectifierError(.setting, "not valid JSON\(Self.place(of: error))")
        }
    }

    /// Reads a recipe file, or the recipe of a model folder.
    public init(contentsOf url: URL) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw RectifierError(.file, "\(url.relativePath): there is no such recipe")
        }
        let file = isFolder.boolValue ? url.appendingPathComponent(Self.fileName) : url
        let bytes = try Bytes(contentsOf: file.path, name: file.relativePath, limit: Self.largestFile + 1)
        do {
            guard bytes.count <= Self.largestFile else {
                throw RectifierError(
                    .file,
                    "more than \(Self.largestFile) bytes are too many for a recipe; is it a data file? That is the setting data.source",
                    setting: "data.source")
            }
            try self.init(json: Data(bytes.raw))
        } catch let error as RectifierError {
            throw error.prefixed(by: file.relativePath)
        }
    }

    /// Reads a recipe as a command is given it: its files are looked for beside it and then in the working directory,
    /// where a model's recipe has them from.
    package init(locatedAt path: String) throws {
        let url = URL(fileURLWithPath: path)
        try self.init(contentsOf: url)
        let folder = url.deletingLastPathComponent().relativePath
        func located(_ name: String) -> String {
            let beside = folder + "/" + name
            guard folder != ".", !name.hasPrefix("/"), !GeneratedData.names.contains(name), FileManager.default.fileExists(atPath: beside)
            else { return name }
            return beside
        }
        data.source = located(data.source)
        data.test = data.test.map(located)
        if case .source(let name) = data.validation { data.validation = .source(located(name)) }
    }

    /// The name of the recipe in a model folder.
    public static let fileName = "recipe.json"
    private static let largestFile = 1 << 20

    /// The recipe as JSON: keys sorted, open settings left out, the same text for the same recipe.
    public var json: Data {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return try encoder.encode(self) + Data("\n".utf8)
        }
    }

    /// Writes ``json``, whole or not at all.
    public func write(to url: URL) throws {
        do {
            try json.write(to: url, options: .atomic)
        } catch {
            throw RectifierError(.output, "\(url.relativePath): the recipe cannot be written")
        }
    }

    /// ` around line 3, column 7`, where the decoder tells.
    private static func place(of error: any Error) -> String {
        guard case DecodingError.dataCorrupted(let context) = error, let cause = context.underlyingError else { return "" }
        let text = String(describing: (cause as NSError).userInfo[NSDebugDescriptionErrorKey] ?? cause)
        guard let start = text.range(of: "line ") else { return "" }
        let place = text[start.lowerBound...].prefix { $0.isLetter || $0.isNumber || $0 == " " || $0 == "," }
        return " around \(place)"
    }
}
