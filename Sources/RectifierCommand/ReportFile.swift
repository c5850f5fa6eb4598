import ArgumentParser
import Foundation
import Rectifier
import RectifierReports

/// `--report FILE.html|.csv|.json`: a report in the form that the file's ending names.
struct ReportFile: ExpressibleByArgument {
    enum Form: String, CaseIterable { case html, csv, json }

    var path: String
    var form: Form

    init?(argument: String) {
        guard let form = Form(rawValue: URL(fileURLWithPath: argument).pathExtension.lowercased()) else { return nil }
        (path, self.form) = (argument, form)
    }

    static let help = ArgumentHelp(
        "Write the report to a file, as its ending says: .html, .csv (several tables: FILE-TABLE.csv) or .json.", valueName: "file")

    /// Throws where the file could not be written: before the work rather than after.
    func check() throws { try checkOutputFile(path) }

    /// Writes the report, and says where it is.
    func write(_ report: Report) throws -> String {
        let url = URL(fileURLWithPath: path)
        let files: [(path: String, content: String)]
        switch form {
        case .html: files = [(path, report.page)]
        case .json: files = [(path, report.json)]
        case .csv:
            files = report.csvFiles(named: url.deletingPathExtension().lastPathComponent).map { name, content in
                (url.deletingLastPathComponent().appendingPathComponent(name).relativePath, content)
            }
        }
        for file in files { try writeAtomically(Array(file.content.utf8), to: URL(fileURLWithPath: file.path)) }
        return files.map(\.path).joined(separator: ", ")
    }
}
