import ArgumentParser
import Foundation
import Rectifier
import RectifierReports
import RectifierStudies

/// Where a study's report goes: the page and the tables of a folder, a file, and what is printed.
struct StudyOutput {
    private let page: String
    private let folder: String?
    private let file: ReportFile?
    private let printing: OutputFlags
    private let display: StudyDisplay?
    private let mark: FolderMark

    /// Throws where nothing could be written: before the work rather than after.
    ///
    /// - Parameters:
    ///   - page: The page's name; a folder that has it is a study's, and may be replaced.
    ///   - folder: `nil` for none.
    ///   - mark: The file by which a folder is known instead; `nil`: the page.
    init(page: String, folder: String?, mark: String? = nil, file: ReportFile?, _ printing: OutputFlags) throws {
        let mark = FolderMark(file: mark ?? page)
        self.mark = mark
        (self.page, self.folder, self.file, self.printing) = (page, folder, file, printing)
        display = printing.json || printing.quiet ? nil : StudyDisplay(terminal: .standardOutput())
        if let folder { try OutputPlace(URL(fileURLWithPath: folder), patience: .run).require(mark, owned: []) }
        try file?.check()
    }

    /// Runs a study and shows where it is. Ctrl-C stops it, and so does a reader that goes away.
    func follow<Found>(_ run: (StopSignal, @escaping @Sendable (StudyProgress) -> Void) throws -> Found) throws -> Found {
        let stop = StopSignal(), display = display
        Interrupts.handle { stop.stop() }
        return try run(stop) { if display?.show($0) == false { stop.stop() } }
    }

    /// Writes the report and prints it.
    ///
    /// - Parameters:
    ///   - events: What `--json` prints, with the folder's name in it.
    ///   - others: Files of the folder beside the page and the tables.
    func write(
        _ report: Report, events: (String?) -> [JSONLine], wasStopped: Bool, beside others: [(String, [UInt8])] = []
    ) throws {
        let places = try [folder.map { try write(report, to: $0, beside: others) }, file?.write(report)].compactMap { $0 }
        try display?.end()
        if printing.json {
            for line in events(folder) { try StandardOutput.writeLine(line.description) }
        } else if !printing.quiet {
            let pictures = "tables and plots: \(places.joined(separator: ", "))"
            try StandardOutput.write("\n" + report.text(width: Terminal.standardOutput().width, pictures: pictures))
        }
        if wasStopped { throw ExitCode(130) }
    }

    /// The page and the tables, all of them or none; where the page is.
    private func write(_ report: Report, to folder: String, beside others: [(String, [UInt8])]) throws -> String {
        let folder = URL(fileURLWithPath: folder)
        let files = [(page, report.page)] + report.tables.filter(\.isForPrograms).map { ("\($0.name).csv", $0.csv) }
        try writeAtomically(folder: folder, files: files.map { ($0.0, Array($0.1.utf8)) } + others, owned: [], mark: mark)
        return folder.appendingPathComponent(page).relativePath
    }
}
