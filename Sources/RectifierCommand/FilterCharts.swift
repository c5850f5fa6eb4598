import Rectifier
import RectifierInstruments
import RectifierReports
import RectifierText

/// Pictures of a network that takes images: its first filters, an image, and what the layers make of it.
struct FilterCharts {
    private typealias Chart = Report.Chart
    private typealias Pictures = Report.Chart.Pictures

    let filters: FirstFilters?
    let maps: ActivationMaps?
    /// As the network is fed it.
    let image: Image?

    struct Image {
        var sample: Int
        var shape: [Int]
        var values: [Double]
    }

    /// Filters and channels that are drawn of one layer, at most.
    static let mostFilters = 64, mostChannels = 16, mostLayers = 12
    /// Rows and columns of a picture, at most; larger ones are drawn by the means of squares.
    private static let mostPixels = 128

    /// - Parameter data: `nil` draws the filters alone.
    init(_ model: Model, data: Dataset?, sample: Int) throws {
        filters = FirstFilters(model.network, parameters: model.parameters)
        guard let data else {
            (maps, image) = (nil, nil)
            return
        }
        maps = try ActivationMaps(
            model.network, parameters: model.parameters, data: data, sample: sample, precision: model.precision,
            mostLayers: Self.mostLayers, mostChannels: Self.mostChannels)
        let shape = data.sampleShape, width = data.width
        guard maps?.layers.isEmpty == false else {
            image = nil
            return
        }
        image = Image(sample: sample, shape: shape, values: (sample * width..<(sample + 1) * width).map { data.features[$0] })
    }

    var charts: [Report.Chart] {
        [filters.flatMap(filterChart), image.flatMap(imageChart)].compactMap { $0 } + (maps?.layers.map(mapChart) ?? [])
    }

    /// What is not drawn, in words; `nil` where all is.
    var leftOut: String? {
        guard let maps, maps.layersLeftOut > 0 else { return nil }
        return "Of \(Format.count(maps.layers.count + maps.layersLeftOut, "layer")) that give images the first "
            + "\(Format.count(maps.layers.count)) are drawn."
    }

    // MARK: Charts

    private func filterChart(_ filters: FirstFilters) -> Report.Chart? {
        let limit = filters.limit > 0 ? filters.limit : 1, isColour = filters.channels == 3
        let shown = filters.weights.prefix(Self.mostFilters)
        let pictures: [Pictures.Picture] = shown.enumerated().flatMap { number, weights -> [Pictures.Picture] in
            if isColour || filters.channels == 1 {
                return [.init("\(number + 1)", rows: filters.rows, columns: filters.columns, values: weights)]
            }
            // No colours stand for other channels: each is a picture.
            return (0..<filters.channels).map { channel in
                .init(
                    "\(number + 1), \(channel + 1)", rows: filters.rows, columns: filters.columns,
                    values: stride(from: channel, to: weights.count, by: filters.channels).map { weights[$0] })
            }
        }
        let caption =
            isColour
            ? "Each weight is a share of red, green and blue. Grey is 0; one scale for all filters."
            : "Blue is above 0, orange below; one scale for all filters."
        return Chart(
            "filters", title: "Filters of \(filters.layer)",
            caption: caption + Self.rest(pictures.prefix(Self.mostFilters).count, of: filters.weights.count * pictures.count / shown.count),
            .pictures(
                .init(
                    Array(pictures.prefix(Self.mostFilters)), colors: isColour ? .rgb(-limit...limit) : .diverging(limit),
                    values: isColour ? "weight, of each colour" : "weight")))
    }

    private func imageChart(_ image: Image) -> Report.Chart? {
        let channels = image.shape.count == 3 ? image.shape[2] : 1
        guard let low = image.values.filter(\.isFinite).min(), let high = image.values.filter(\.isFinite).max(),
            channels == 1 || channels == 3
        else { return nil }
        let (rows, columns, values) = Self.reduced(image.values, rows: image.shape[0], columns: image.shape[1], channels: channels)
        return Chart(
            "image", title: "Sample \(Format.count(image.sample))",
            caption: "As the network is fed it.",
            .pictures(
                .init(
                    [.init("", rows: rows, columns: columns, values: values)], colors: channels == 3 ? .rgb(low...high) : .grey(low...high),
                    values: channels == 3 ? "pixel, of each colour" : "pixel")))
    }

    private func mapChart(_ layer: ActivationMaps.Layer) -> Report.Chart {
        let limit = layer.limit > 0 ? layer.limit : 1
        let closed = Set(layer.closedChannels)
        let pictures = layer.maps.enumerated().map { channel, map in
            let (rows, columns, values) = Self.reduced(map, rows: layer.rows, columns: layer.columns, channels: 1)
            return Pictures.Picture(
                "\(channel + 1)" + (closed.contains(channel) ? " closed" : ""), rows: rows, columns: columns, values: values)
        }
        let size = Format.shape([layer.rows, layer.columns, layer.channels])
        var caption =
            layer.zeros > 0
            ? "\(Format.percent(layer.zeros, digits: 1)) of \(size) numbers are exactly 0" : "None of \(size) numbers is exactly 0"
        caption += closed.isEmpty ? "." : "; \(Format.count(closed.count, "channel")) of \(Format.count(layer.channels)) altogether."
        if layer.hasNegatives { caption += " Blue is above 0, orange below." }
        if max(layer.rows, layer.columns) > Self.mostPixels { caption += " A pixel is the mean of several numbers." }
        return Chart(
            "maps-\(layer.layer)", title: "What \(layer.layer) gives", caption: caption + Self.rest(layer.maps.count, of: layer.channels),
            .pictures(
                .init(
                    pictures, colors: layer.hasNegatives ? .diverging(limit) : .shades(limit, zero: "closed: 0"),
                    values: "what it gives")))
    }

    // MARK: Parts

    private static func rest(_ shown: Int, of all: Int) -> String {
        shown < all ? " The first \(Format.count(shown)) of \(Format.count(all)) are drawn." : ""
    }

    /// Means of squares, so that neither side has more than ``mostPixels``. A square of zeros stays 0.
    private static func reduced(_ values: [Double], rows: Int, columns: Int, channels: Int) -> (rows: Int, columns: Int, values: [Double]) {
        let step = (max(rows, columns) + mostPixels - 1) / mostPixels
        guard step > 1 else { return (rows, columns, values) }
        let (down, across) = ((rows + step - 1) / step, (columns + step - 1) / step)
        var means: [Double] = []
        for row in 0..<down {
            for column in 0..<across {
                let rows = row * step..<min(rows, (row + 1) * step), inner = column * step..<min(columns, (column + 1) * step)
                for channel in 0..<channels {
                    let sum = rows.reduce(0.0) { sum, r in inner.reduce(sum) { $0 + values[(r * columns + $1) * channels + channel] } }
                    means.append(sum / Double(rows.count * inner.count))
                }
            }
        }
        return (down, across, means)
    }
}
