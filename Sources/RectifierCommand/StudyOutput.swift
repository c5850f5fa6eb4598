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
    private var mark: FolderMark { FolderMark(file: page) }

    /// Throws where nothing could be written: before the work rather than after.
    ///
    /// - Parameters:
    ///   - page: The page's name; a folder that has it is a study's, and may be replaced.
    ///   - folder: `nil` for none.
    init(page: String, folder: String?, file: ReportFile?, _ printing: OutputFlags) throws {
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
    /// - Parameter events: What `--json` prints, with the folder's name in it.
    func write(_ report: Report, events: (String?) -> [JSONLine], wasStopped: Bool) throws {
        let places = try [folder.map { try write(report, to: $0) }, file?.write(report)].compactMap { $0 }
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
    private func write(_ report: Report, to folder: String) throws -> String {
        let folder = URL(fileURLWithPath: folder)
        let files = [(page, report.page)] + report.tables.filter(\.isForPrograms).map { ("\($0.name).csv", $0.csv) }
        try writeAtomically(folder: folder, files: files.map { ($0.0, Array($0.1.utf8)) }, owned: [], mark: mark)
        return folder.appendingPathComponent(page).relativePath
    }
}
