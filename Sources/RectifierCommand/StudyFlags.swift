import ArgumentParser

/// What every study takes: what its numbers are drawn from, its threads, and where its report goes.
struct StudyFlags: ParsableArguments {
    @Option(parsing: .unconditional, help: ArgumentHelp("What networks and data are drawn from.", valueName: "n"))
    var seed: UInt64 = 0

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Threads (default: one for each physical core).", valueName: "n"),
        transform: threadCount)
    var threads: Int?

    @Option(
        help: ArgumentHelp("The folder for tables and plots (default: the study's name, unless --report is given).", valueName: "folder"))
    var output: String?

    @Option(help: ReportFile.help)
    var report: ReportFile?

    @OptionGroup var printing: OutputFlags

    /// Where the report of a study goes.
    ///
    /// - Parameter name: The study's: its folder and its page are called so.
    func place(of name: String) throws -> StudyOutput {
        try StudyOutput(page: "\(name).html", folder: output ?? (report == nil ? name : nil), file: report, printing)
    }
}
