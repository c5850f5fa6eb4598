import CRectifierKernels
import TestSupport

/// Where windows lie: a table of places drawn at random, or windows that move pixel by pixel.
private struct Places {
    var outputs: Int, pixels: Int, taps: Int
    var places: [Int32] = []
    var frame: (columns: Int, outColumns: Int, run: Int, shifts: [Int32])?

    /// Neighbours follow each other, as they do under a window, and some are padding.
    init(atRandom random: inout Numbers) {
        (taps, outputs, pixels) = (random.pick([1, 2, 9]), random.integer(in: 1...40), random.integer(in: 1...30))
        for _ in 0..<outputs * taps {
            let next = (places.last ?? -1) + 1
            places.append(
                random.chance(0.2) ? -1 : random.chance(0.5) && next < pixels ? next : Int32(random.integer(in: 0...pixels - 1)))
        }
    }

    /// Windows of any size and dilation that begin anywhere, upwards or, as in the gradient of images, downwards.
    init(framed random: inout Numbers) {
        func axis() -> (size: Int, outputs: Int, shifts: [Int]) {
            let size = random.integer(in: 1...9), outputs = random.integer(in: 1...9), dilation = random.pick([1, 1, 2])
            let before = random.integer(in: -1...3)
            return (size, outputs, (0..<random.integer(in: 1...4)).map { $0 * dilation - before })
        }
        let rows = axis(), columns = axis(), sign = random.pick([1, -1])
        let run = columns.shifts.count == 1 || columns.shifts[1] - columns.shifts[0] == 1 ? columns.shifts.count : 1
        (taps, outputs, pixels) = (rows.shifts.count * columns.shifts.count, rows.outputs * columns.outputs, rows.size * columns.size)
        for output in 0..<outputs {
            for dy in rows.shifts {
                for dx in columns.shifts {
                    let y = output / columns.outputs + sign * dy, x = output % columns.outputs + sign * dx
                    places.append(0..<rows.size ~= y && 0..<columns.size ~= x ? Int32(y * columns.size + x) : -1)
                }
            }
        }
        let shifts = rows.shifts.flatMap { dy in columns.shifts.flatMap { dx in [Int32(sign * dy), Int32(sign * dx)] } }
        frame = (columns.size, columns.outputs, run, shifts)
    }
}

/// A convolution, or its gradient of weights.
@Sendable func makeConvolution(_ t: Trial, isGradient: Bool) {
    let windows = t.random.chance(0.6) ? Places(framed: &t.random) : Places(atRandom: &t.random)
    let groups = t.random.pick([1, 1, 1, 2, 5]), channels = t.random.pick([1, 3, 8, 17, 64, 130]),
        n = t.random.pick([1, 3, 16, 32, 33, 70])
    let (taps, outputs, pixels) = (windows.taps, windows.outputs, windows.pixels)
    let samples = t.random.integer(in: 1...4)
    let density = t.random.pick([0, 0.1, 0.5, 1])
    func some(_ count: Int) -> Buffer { t.input((0..<count).map { _ in t.random.chance(density) ? t.random.uniform() : 0 }) }
    let rows = samples * outputs, terms = taps * channels, columns = groups * n
    let images = some(samples * pixels * groups * channels), factor = isGradient ? some(rows * columns) : t.input(terms * columns)
    let sums = isGradient ? rows : terms
    let c = t.output((isGradient ? terms : rows) * columns, .near(relative: 0, absolute: 4 * t.type.computing.roundoff * Double(sums + 2)))
    var convolution = rk_convolution()
    convolution.places = UnsafePointer(t.pointer(to: windows.places))
    (convolution.outputs, convolution.taps, convolution.pixels) = (Int64(outputs), Int64(taps), Int64(pixels))
    (convolution.channels, convolution.pixel, convolution.groups) = (Int64(channels), Int64(groups * channels), Int64(groups))
    if let frame = windows.frame {
        (convolution.frame.in_columns, convolution.frame.out_columns) = (Int64(frame.columns), Int64(frame.outColumns))
        (convolution.frame.run, convolution.frame.shifts) = (Int64(frame.run), UnsafePointer(t.pointer(to: frame.shifts)))
    }
    convolution.product.a = UnsafeRawPointer(images.base)
    convolution.product.b = UnsafeRawPointer(factor.base)
    convolution.product.c = c.base
    (convolution.product.b_row, convolution.product.b_column, convolution.product.c_row) = (Int64(columns), 1, Int64(columns))
    (convolution.product.m, convolution.product.n) = (Int64(isGradient ? terms : rows), Int64(n))
    convolution.product.k = Int64(sums)
    convolution.product.zeros = Int32(t.random.pick([RK_ZEROS_BY_DENSITY, RK_ZEROS_MULTIPLIED, RK_ZEROS_SKIPPED]).rawValue)
    if !isGradient {
        if t.random.chance(0.5) { convolution.product.bias = UnsafeRawPointer(t.input(columns).base) }
        if t.random.chance(0.5) { convolution.product.epilogue = reluEpilogue(t, c, rows: rows, columns: columns, stride: columns) }
        if t.random.chance(0.5) { t.call.shared_rows = Int64(samples) }
    }
    t.call.convolution = convolution
    t.description =
        "\(windows.frame == nil ? "" : "framed, ")\(samples)×\(outputs) outputs, \(taps)×\(channels) terms, \(groups) groups of \(n)"
    t.prepare = { t, kernels, parts in
        let stride =
            (isGradient ? kernels.pointee.filters_scratch : kernels.pointee.convolution_scratch)(&t.call.convolution, Int32(parts))
        let scratch = Buffer(RK_FLOAT64, count: Int(stride) * parts / 8)
        t.call.convolution.product.scratch = scratch.base
        t.call.convolution.product.scratch_stride = stride
        t.scratch = scratch
    }
}
