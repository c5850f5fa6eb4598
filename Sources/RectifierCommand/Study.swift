import ArgumentParser

/// `rectifier study`
struct Study: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure on many networks what the literature claims.",
        discussion: """
            Example:
              rectifier study at-zero --networks 200
            """,
        subcommands: [StudyAtZero.self]
    )
}
