import ArgumentParser
import Rectifier
import RectifierText

/// `rectifier defaults`
struct Defaults: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what a run uses where its settings leave the choice.",
        discussion: """
            The same table serves flags, recipes and code: units of the hidden layers,
            samples a batch, learning rate and weight decay. A run has as many epochs as
            give about that many steps, within the limits of the last column. The
            optimizer is Adam, and its learning rate falls by half a cosine. Tables are
            learned by eight networks in folds, from 5,000 rows by five, each stopped by
            its own part of the rows; from there on numbers are given in pieces. Every
            model holds the choices of its run: `rectifier inspect MODEL` prints them.
            """
    )

    func run() throws {
        let rows = UsualSettings.table
        var table = TextTable(rows[0], alignments: rows[0].map { _ in .left })
        for row in rows.dropFirst() { table.addRow(row) }
        for line in table.lines(width: Terminal.standardOutput().width) { try StandardOutput.writeLine(line) }
    }
}
