/// What a run, a study or a measurement found: sentences, charts and tables.
///
/// Built once, it is written as text for a terminal (``text(width:pictures:)``), as a page (``page``), as JSON
/// (``json``) and as comma-separated values (``Table/csv``). Its numbers are those of what was measured; a report
/// computes none.
public struct Report: Sendable {
    public var title: String
    /// What was done, in a sentence or two.
    public var summary: String
    /// What it was done with: data, seed, machine.
    public var facts: [Fact]
    public var findings: [Finding]
    public var charts: [Chart]
    public var tables: [Table]

    public init(
        title: String, summary: String, facts: [Fact] = [], findings: [Finding] = [], charts: [Chart] = [], tables: [Table] = []
    ) {
        (self.title, self.summary) = (title, summary)
        (self.facts, self.findings, self.charts, self.tables) = (facts, findings, charts, tables)
    }

    /// A name and what it stands for: `seed`, `17`.
    public struct Fact: Sendable, Hashable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    /// A sentence a reader can act on.
    public struct Finding: Sendable {
        /// With its numbers as people read them.
        public var sentence: String
        /// The same numbers, unrounded, by name, for programs.
        public var numbers: [(name: String, value: Double)]

        public init(_ sentence: String, numbers: [(name: String, value: Double)] = []) {
            (self.sentence, self.numbers) = (sentence, numbers)
        }
    }
}
