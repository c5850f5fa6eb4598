import CRectifierKernels
import TestSupport

/// A convolution, or its gradient of weights, over a table of places drawn at random: no kernel knows of windows.
@Sendable func makeConvolution(_ t: Trial, isGradient: Bool) {
    let groups = t.random.pick([1, 1, 1, 2, 5]), channels = t.random.pick([1, 3, 8, 17, 64]), n = t.random.pick([1, 3, 16, 33, 70])
    let taps = t.random.pick([1, 2, 9]), outputs = t.random.integer(in: 1...40), pixels = t.random.integer(in: 1...30)
    let samples = t.random.integer(in: 1...4)
    let density = t.random.pick([0, 0.1, 0.5, 1])
    func some(_ count: Int) -> Buffer { t.input((0..<count).map { _ in t.random.chance(density) ? t.random.uniform() : 0 }) }
    let rows = samples * outputs, terms = taps * channels, columns = groups * n
    let images = some(samples * pixels * groups * channels), factor = isGradient ? some(rows * columns) : t.input(terms * columns)
    let sums = isGradient ? rows : terms
    let c = t.output((isGradient ? terms : rows) * columns, .near(relative: 0, absolute: 4 * t.type.computing.roundoff * Double(sums + 2)))
    // Neighbours follow each other, as they do under a window, and some are padding.
    var places: [Int32] = []
    for _ in 0..<outputs * taps {
        let next = (places.last ?? -1) + 1
        places.append(
            t.random.chance(0.2) ? -1 : t.random.chance(0.5) && next < pixels ? next : Int32(t.random.integer(in: 0...pixels - 1)))
    }
    var convolution = rk_convolution()
    convolution.places = UnsafePointer(t.pointer(to: places))
    (convolution.outputs, convolution.taps, convolution.pixels) = (Int64(outputs), Int64(taps), Int64(pixels))
    (convolution.channels, convolution.pixel, convolution.groups) = (Int64(channels), Int64(groups * channels), Int64(groups))
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
    t.description = "\(samples)×\(outputs) outputs, \(taps)×\(channels) terms, \(groups) groups of \(n)"
    t.prepare = { t, kernels, parts in
        let stride =
            (isGradient ? kernels.pointee.filters_scratch : kernels.pointee.convolution_scratch)(&t.call.convolution, Int32(parts))
        let scratch = Buffer(RK_FLOAT64, count: Int(stride) * parts / 8)
        t.call.convolution.product.scratch = scratch.base
        t.call.convolution.product.scratch_stride = stride
        t.scratch = scratch
    }
}
