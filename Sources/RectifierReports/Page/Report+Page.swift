extension Report {
    /// One HTML page that stands alone: it runs no script and asks no host for anything. Light or dark as the reader's
    /// system is.
    ///
    /// Readable from 400 pixels on: charts stand below or beside one another as the window allows, and a table that is
    /// wider scrolls in a box of its own. It is well-formed XML.
    public var page: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <title>\(escaped(title))</title>
        <style>
        \(PageStyle.page)
        </style>
        </head>
        <body>
        <main>
        <h1>\(escaped(title))</h1>
        <p>\(escaped(summary))</p>
        \(sections.joined(separator: "\n"))
        </main>
        </body>
        </html>

        """
    }

    private var sections: [String] {
        var sections: [String] = []
        if !facts.isEmpty {
            sections.append(
                "<dl>\n\(facts.map { "<dt>\(escaped($0.name))</dt><dd>\(escaped($0.value))</dd>" }.joined(separator: "\n"))\n</dl>")
        }
        if !findings.isEmpty {
            sections.append(
                "<h2>Findings</h2>\n<ul>\n\(findings.map { "<li>\(escaped($0.sentence))</li>" }.joined(separator: "\n"))\n</ul>")
        }
        if !charts.isEmpty {
            sections.append("<h2>Charts</h2>\n<div class=\"charts\">\n\(charts.map(\.figure).joined(separator: "\n"))\n</div>")
        }
        let shown = tables.filter(\.isForPeople)
        if !shown.isEmpty { sections.append("<h2>Tables</h2>\n\(shown.map(\.section).joined(separator: "\n"))") }
        return sections
    }
}

extension Report.Chart {
    fileprivate var figure: String {
        let drawing = drawing
        let caption = caption.isEmpty ? "" : "<span>\(escaped(caption))</span>"
        return """
            <figure id="chart-\(escaped(name))">
            <figcaption><strong>\(escaped(title))</strong>\(caption)</figcaption>
            <svg viewBox="0 0 \(svgNumber(drawing.width)) \(svgNumber(drawing.height))" role="img">
            <title>\(escaped(title))</title>
            \(drawing.svg)
            </svg>
            </figure>
            """
    }
}

extension Report.Table {
    fileprivate var section: String {
        let shown = shownColumns, words = Set(shown.filter(isText))
        func align(_ column: Int) -> String { words.contains(column) ? " class=\"word\"" : "" }
        let headings = shown.map { "<th scope=\"col\"\(align($0))>\(escaped(columns[$0].heading!))</th>" }
        let lines = rows.enumerated().map { number, row in
            let cells = shown.enumerated().map { place, column in
                let tag = place < keyColumns ? "th" : "td", scope = place < keyColumns ? " scope=\"row\"" : ""
                return "<\(tag)\(scope)\(align(column))>\(escaped(row[column].shown))</\(tag)>"
            }
            return "<tr\(ruledRows.contains(number) ? " class=\"ruled\"" : "")>\(cells.joined())</tr>"
        }
        // A box that scrolls can be reached by keyboard, and says what it holds.
        return """
            <section id="table-\(escaped(name))">
            <h3>\(escaped(title))</h3>
            \(note.isEmpty ? "" : "<p class=\"note\">\(escaped(note))</p>\n")<div class="scroll" tabindex="0" role="region" aria-label="\(escaped(title))">
            <table>
            <thead><tr>\(headings.joined())</tr></thead>
            <tbody>
            \(lines.joined(separator: "\n"))
            </tbody>
            </table>
            </div>
            </section>
            """
    }
}
