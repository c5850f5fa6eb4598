import RectifierText

extension Report {
    /// Rows and columns, some of which only people or only programs read.
    public struct Table: Sendable {
        /// What programs call it; the name of its file.
        public var name: String
        public var title: String
        /// What a reader must know to read it.
        public var note: String
        public private(set) var columns: [Column]
        /// A cell for each column.
        public private(set) var rows: [[Cell]]
        /// So many columns that people see, from the left, say which row it is; a table that is cut repeats them.
        public var keyColumns: Int
        /// Rows above which a line is drawn.
        public private(set) var ruledRows: Set<Int> = []

        public struct Column: Sendable, Hashable {
            /// What people read above it; nil: only programs see it.
            public var heading: String?
            /// What programs call it, in CSV and JSON; nil: only people see it.
            public var key: String?
        }

        /// A column, and its cell in each row.
        public struct Field<Row> {
            var column: Column
            var cell: (Row) -> Cell

            public init(_ heading: String?, key: String? = nil, _ cell: @escaping (Row) -> Cell) {
                column = Column(heading: heading, key: key)
                self.cell = cell
            }
        }

        /// - Parameters:
        ///   - rules: What rows between two lines share.
        ///   - fields: From left to right.
        public init<Row>(
            _ name: String, title: String, note: String = "", keyColumns: Int = 1, rows: [Row], rules: ((Row) -> String)? = nil,
            fields: [Field<Row>]
        ) {
            (self.name, self.title, self.note, self.keyColumns) = (name, title, note, keyColumns)
            columns = fields.map(\.column)
            self.rows = rows.map { row in fields.map { $0.cell(row) } }
            if let rules {
                let shared = rows.map(rules)
                ruledRows = Set(shared.indices.dropFirst().filter { shared[$0] != shared[$0 - 1] })
            }
        }

        /// Whether there is anything in it for people.
        public var isForPeople: Bool { !shownColumns.isEmpty && !rows.isEmpty }
        /// The columns that people see.
        var shownColumns: [Int] { columns.indices.filter { columns[$0].heading != nil } }
        /// Whether there is anything in it for programs.
        public var isForPrograms: Bool { !keyedColumns.isEmpty }
        /// Those that programs see.
        var keyedColumns: [Int] { columns.indices.filter { columns[$0].key != nil } }

        /// Words start together, numbers end together.
        func isText(_ column: Int) -> Bool { rows.contains { $0[column].isWord } }
    }

    /// A value, and how people read it.
    public struct Cell: Sendable, Hashable {
        public enum Value: Sendable, Hashable {
            case text(String)
            case count(Int)
            case number(Double)
            case none
        }

        public var value: Value
        public var shown: String
        /// Whether it is aligned as words are.
        var isWord = false

        /// Words; people may read others than programs do.
        public static func text(_ text: String, shown: String? = nil) -> Cell {
            Cell(value: .text(text), shown: shown ?? text, isWord: true)
        }
        /// Text that ends where numbers end: `12 (15)`.
        public static func figures(_ text: String) -> Cell { Cell(value: .text(text), shown: text) }
        /// `60,000`
        public static func count(_ count: Int?) -> Cell { count.map { Cell(value: .count($0), shown: Format.count($0)) } ?? .none }
        /// With so many digits after the point.
        public static func number(_ number: Double?, digits: Int = 4) -> Cell { .number(number) { Format.fixed($0, digits) } }
        /// `41.5 %`
        public static func share(_ share: Double?, digits: Int = 1) -> Cell { .number(share) { Format.percent($0, digits: digits) } }
        /// As `shown` writes it.
        public static func number(_ number: Double?, shown: (Double) -> String) -> Cell {
            number.map { Cell(value: .number($0), shown: shown($0)) } ?? .none
        }
        public static var none: Cell { Cell(value: .none, shown: "-") }
    }
}
