import ArgumentParser

/// `rectifier study`
struct Study: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure on many networks what the literature claims.",
        discussion: """
            Examples:
              rectifier study at-zero --networks 200
              rectifier study dead
            """,
        subcommands: [StudyAtZero.self, StudyDead.self]
    )
}
