import ArgumentParser

/// `rectifier study`
struct Study: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure on many networks what the literature claims.",
        discussion: """
            Examples:
              rectifier study at-zero --networks 200
              rectifier study dead
              rectifier study relu-vs-tanh --data cifar-10-batches-bin
            """,
        subcommands: [StudyAtZero.self, StudyDead.self, StudyReLUTanh.self]
    )
}
