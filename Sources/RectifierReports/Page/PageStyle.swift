/// Style sheets of the page and of its charts.
enum PageStyle {
    /// Custom properties with all colours, light and dark.
    static func colors(of root: String) -> String {
        func set(_ paper: String, _ ink: String, _ quiet: String, _ rule: String, _ colors: [String]) -> String {
            "--paper: \(paper); --ink: \(ink); --quiet: \(quiet); --rule: \(rule); "
                + colors.enumerated().map { "--c\($0): \($1);" }.joined(separator: " ")
        }
        return """
            \(root) { color-scheme: light dark; \(set("#ffffff", "#1c1917", "#57534e", "#d6d3d1", Look.light)) }
            @media (prefers-color-scheme: dark) {
            \(root) { \(set("#161616", "#e7e5e4", "#a8a29e", "#44403c", Look.dark)) }
            }
            """
    }

    static var charts: String {
        """
        svg { font: \(svgNumber(Drawing.fontSize))px \(fonts); }
        svg text { fill: var(--ink); paint-order: stroke; stroke: var(--paper); stroke-width: 3px; stroke-linejoin: round; }
        svg .quiet { fill: var(--quiet); }
        svg .strong { font-weight: 600; }
        svg .grid { stroke: var(--rule); fill: none; }
        svg .line { stroke: currentColor; stroke-width: 1.8; stroke-linejoin: round; fill: none; }
        svg .band { fill: currentColor; fill-opacity: 0.18; }
        svg .full { fill: currentColor; }
        svg .hollow { stroke: currentColor; stroke-width: 1.5; fill: none; }
        svg .whisker { stroke: var(--ink); stroke-width: 1.2; fill: none; }
        svg .outline { stroke: var(--rule); fill: none; }
        svg .shade { fill: var(--c0); shape-rendering: crispEdges; }
        svg .zero { fill: var(--c1); shape-rendering: crispEdges; }
        svg .ink { color: var(--ink); }
        svg .pixels { image-rendering: pixelated; }
        \((0..<Look.colors).map { "svg .c\($0) { color: var(--c\($0)); }" }.joined(separator: " "))
        """
    }

    private static let fonts = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"

    static var page: String {
        """
        \(colors(of: ":root"))
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 \(fonts); overflow-wrap: break-word; }
        main { max-width: 78rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
        h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 0.8rem; }
        h2 { font-size: 1.2rem; margin: 2.2rem 0 0.6rem; }
        h3, figcaption strong { font-size: 1rem; font-weight: 600; }
        h3 { margin: 1.8rem 0 0.4rem; }
        p, ul, dl { max-width: 46rem; margin: 0.4rem 0; }
        ul { padding-left: 1.2rem; }
        li { margin: 0.4rem 0; }
        dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.1rem 1rem; font-size: 0.9rem; }
        dt, .note, figcaption span { color: var(--quiet); }
        dd { margin: 0; }
        .note, figcaption { font-size: 0.9rem; }
        .charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); gap: 2rem 2.5rem; align-items: start; }
        figure { margin: 0; }
        h1, h3, figcaption strong { text-wrap: balance; }
        figcaption { margin-bottom: 0.6rem; }
        figcaption strong, figcaption span { display: block; }
        figure svg { display: block; width: 100%; max-width: 30rem; height: auto; }
        .scroll { overflow-x: auto; border: 1px solid var(--rule); border-radius: 4px; max-width: max-content; }
        table { border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
        th, td { padding: 0.2rem 0.7rem; text-align: right; font-weight: normal; }
        thead th { font-weight: 600; vertical-align: bottom; border-bottom: 1px solid var(--rule); }
        .word { text-align: left; }
        .ruled > * { border-top: 1px solid var(--rule); }
        tbody tr:hover { background: color-mix(in srgb, var(--c0) 12%, transparent); }
        \(charts)
        @media print { .scroll { overflow: visible; } }
        """
    }
}
