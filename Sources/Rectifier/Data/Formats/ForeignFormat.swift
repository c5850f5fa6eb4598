/// Files that people bring and Rectifier does not read, told by their first bytes or their names, so that a message can
/// say what to do.
struct ForeignFormat {
    /// `a Parquet file`
    private var what: String
    /// How it becomes a file that is read.
    private var advice: String
    private var magics: [[UInt8]] = []
    private var endings: [String] = []

    private init(_ what: String, _ advice: String, _ endings: [String] = [], magics: [UInt8]...) {
        (self.what, self.advice, self.endings, self.magics) = (what, advice, endings, magics)
    }

    private static let sheet = ForeignFormat(
        "a spreadsheet", "open it and save the sheet as CSV", [".xls", ".xlsx", ".xlsm", ".ods", ".numbers"],
        magics: [0xd0, 0xcf, 0x11, 0xe0])

    private static let known = [
        sheet,
        ForeignFormat("a Parquet file", viaPandas("read_parquet"), [".parquet"], magics: Array("PAR1".utf8)),
        ForeignFormat("an Arrow file", viaPandas("read_feather"), [".feather", ".arrow"], magics: Array("ARROW1".utf8)),
        ForeignFormat("an HDF5 file", "save its arrays as .npy or .npz", [".h5", ".hdf5"], magics: [0x89, 0x48, 0x44, 0x46]),
        ForeignFormat(
            "an SQLite database", "export a table as CSV: sqlite3 -header -csv FILE 'select * from TABLE'", [".sqlite", ".db"],
            magics: Array("SQLite f".utf8)),
        ForeignFormat("a pickle", viaPandas("read_pickle"), [".pkl", ".pickle"]),
        ForeignFormat("a PDF file", "save the table in it as CSV", [".pdf"], magics: Array("%PDF".utf8)),
        ForeignFormat(
            "a page or XML", "save the table in it as CSV", magics: Array("<!DOCTYP".utf8), Array("<html".utf8), Array("<?xml".utf8)),
        // bzip2, xz, zstd, 7-Zip.
        ForeignFormat(
            "packed in another way than gzip", "unpack it first", magics: Array("BZh".utf8), [0xfd, 0x37, 0x7a, 0x58],
            [0x28, 0xb5, 0x2f, 0xfd], [0x37, 0x7a, 0xbc, 0xaf]),
        ForeignFormat("JSON", viaPandas("read_json"), [".json", ".jsonl", ".ndjson"]),
    ]

    private static func viaPandas(_ function: String) -> String {
        "save it as CSV, for example with pandas: pd.\(function)(…).to_csv(…, index=False)"
    }

    /// - Parameter start: the first bytes, unpacked.
    /// - Returns: nil where the file may be one that is read.
    init?(of bytes: Bytes, start: [UInt8]) throws {
        let name = bytes.name.lowercased()
        if ZipArchive.isZip(start) {
            let members = try ZipArchive(bytes).members.map { $0.name.lowercased() }
            if name.hasSuffix(".npz") || members.contains(where: { $0.hasSuffix(".npy") }) { return nil }
            let isSheet = members.contains { $0.hasPrefix("xl/") || $0 == "content.xml" }
            self = isSheet ? ForeignFormat.sheet : ForeignFormat("a zip archive", "unpack it, or pack the file in it with gzip")
            return
        }
        let format = ForeignFormat.known.first { format in
            format.magics.contains { start.starts(with: $0) }
                || format.endings.contains { name.hasSuffix($0) || name.hasSuffix($0 + ".gz") }
        }
        guard let format = format ?? (ForeignFormat.isJSON(start) ? ForeignFormat.known.last : nil) else { return nil }
        self = format
    }

    /// An object, or a list of objects.
    private static func isJSON(_ start: [UInt8]) -> Bool {
        let signs = start.filter { !" \n\r\t".utf8.contains($0) }
        return signs.starts(with: "{\"".utf8) || signs.starts(with: "[{".utf8)
    }

    func error(_ name: String) -> RectifierError {
        RectifierError(
            .file,
            "\(name): is \(what), which is not read; \(advice). CSV tables, .npy and .npz arrays, IDX, CIFAR, PNG and JPEG files are read")
    }
}
