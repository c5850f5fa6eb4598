import CRectifierKernels

// Convolutions, channels last: products of patches of images with weights. Two operations are closed under
// differentiation: the sums over windows, and the gradient of weights.

/// For each place of a window the sum of pixels under it times weights: `[batch, rows, columns, C]` and
/// `[window rows, window columns, C / groups, N]` give `[batch, rows, columns, N]`.
///
/// `isTransposed`, it is the gradient of images: each output is handed back to the pixels that it came from.
struct Convolution: Contraction {
    var windows: Windows
    var groups: Int
    var isTransposed = false
    var name: String { isTransposed ? "convolution transposed" : "convolution" }

    var input: Windows.Pair { isTransposed ? windows.outputs : windows.image }
    var output: Windows.Pair { isTransposed ? windows.image : windows.outputs }
    var places: [Int32] { isTransposed ? windows.placesOfPixels : windows.places }

    func shape(of operands: [Shape]) throws -> Shape {
        let (x, w) = (operands[0], operands[1])
        guard x.rank == 4, x[1] == input.rows, x[2] == input.columns else {
            throw RectifierError(.shape, "\(name): takes images [batch, \(input.rows), \(input.columns), channels], not \(x)")
        }
        guard groups > 0, x[3] % groups == 0 else {
            throw RectifierError(.shape, "\(name): \(groups) groups do not divide the \(x[3]) channels of \(x)")
        }
        guard w.rank == 4, w[0] == windows.kernel.rows, w[1] == windows.kernel.columns, w[2] == x[3] / groups, w[3] % groups == 0 else {
            throw RectifierError(
                .shape,
                "\(name): weights for \(x) are [\(windows.kernel.rows), \(windows.kernel.columns), \(x[3] / groups), filters], "
                    + "filters a multiple of \(groups) groups, not \(w)")
        }
        return [x[0], output.rows, output.columns, w[3]]
    }

    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        let back = Convolution(windows: windows, groups: groups, isTransposed: !isTransposed)
        return [
            try Formula(back, g, x[1].exchangingChannels(groups: groups)),
            try Formula(FilterGradient(windows: windows, groups: groups, isTransposed: isTransposed), x[0], g),
        ]
    }

    func response(to operand: Int) -> Response { .product(with: 1 - operand, byRows: false) }

    /// Directions join the samples, or each group's filters.
    func tangent(of y: Formula, in tangents: Tangents) throws -> Formula? {
        let (x, w) = (y.operands[0], y.operands[1])
        if let moved = tangents[x] {
            var extents = x.shape.extents
            extents[0] *= tangents.directions
            return try Formula(self, moved.reshaped(to: Shape(extents)), w).reshaped(to: tangents.extended(y.shape))
        }
        guard let moved = tangents[w] else { return nil }
        return try tangents.split(Formula(self, x, tangents.joined(moved, groups)), like: y, groups)
    }

    func keepsSamples(of y: Formula) -> Bool { y.operands[0].shape.extents.first == Shape.batch && !y.operands[1].shape.hasBatch }

    /// Sums of nothing but zeros: counted by a convolution of what is none with ones.
    func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? {
        guard groups == 1, let zero = try zeros(y.operands[0]) else { return nil }
        var filter = y.operands[1].shape
        filter.extents[3] = 1
        let others = try Formula(self, .constant(1) - zero, .constant(1).broadcast(to: filter))
        return try equal(others, .constant(0)).broadcast(to: y.shape)
    }

    func rounding(of y: Formula, batchSize: Int) throws -> Rounding? {
        Rounding(try Formula(self, abs(y.operands[0]), abs(y.operands[1])), Double(terms(of: y)).squareRoot())
    }

    func bounds(of y: Formula, _ x: [Bounds], _ roundoff: Roundoff) -> Bounds? {
        let (images, weights) = (x[0], x[1])
        guard images.elements.allSatisfy(\.isBounded), weights.elements.allSatisfy(\.isBounded) else { return nil }
        let channels = y.operands[0].shape[3] / groups, pixel = y.operands[0].shape[3], columns = y.shape[3], own = columns / groups
        let places = places, taps = windows.taps, samples = y.sampleExtents[0], size = images.elements.reduce(0) { max($0, $1.magnitude) }
        let largest = weights.elements.reduce(0) { max($0, $1.magnitude) }
        var result: [Interval] = []
        for index in 0..<samples * output.count {
            let (sample, output) = (index / output.count, index % output.count)
            var sums = [Interval](repeating: .zero, count: columns), signs = sums
            var magnitudes = [Double](repeating: 0, count: columns)
            for tap in 0..<taps where places[output * taps + tap] >= 0 {
                let place = sample * input.count + Int(places[output * taps + tap])
                for channel in 0..<pixel {
                    let factor = images.elements[place * pixel + channel]
                    if factor.isZero { continue }
                    let first = channel / channels * own, row = (tap * channels + channel % channels) * columns
                    for column in first..<first + own {
                        let term = factor.times(weights.elements[row + column])
                        sums[column].low += term.low
                        sums[column].high += term.high
                        signs[column] = signs[column].joined(with: term)
                        magnitudes[column] += term.magnitude
                    }
                }
            }
            result += (0..<columns).map {
                roundoff.sum(sums[$0], magnitude: magnitudes[$0], terms: terms(of: y), factors: (size, largest), signs: signs[$0])
            }
        }
        return Bounds(result)
    }

    /// Of a sum, those under padding included.
    private func terms(of y: Formula) -> Int { y.operands[1].shape.extents[..<3].reduce(1, *) }

    func multiplyAdds(of y: Formula, batchSize: Int) -> Int { y.shape.count(batchSize: batchSize) * terms(of: y) }

    func lower(_ result: Formula, into c: Buffer, bias: Buffer?, epilogue: Map?, in lowering: inout Lowering) {
        let x = lowering.extents(of: result.operands[0]), w = lowering.extents(of: result.operands[1])
        let (images, weights) = (lowering.buffer(of: result.operands[0]), lowering.buffer(of: result.operands[1]))
        let inWhole = [weights] + (bias.map { [$0] } ?? []), mapped = epilogue?.sharedRows
        let samples = SharedRows(count: x[0], buffers: [images, c] + (mapped?.buffers ?? []), inWhole: inWhole + (mapped?.inWhole ?? []))
        var call = call(
            name, lowering.kernels.convolution, lowering.kernels.convolution_scratch, of: images, channels: x[3], with: weights, into: c,
            rows: x[0] * output.count, terms: w[0] * w[1] * w[2], columns: w[3], bias: bias, epilogue: epilogue)
        call.rows = epilogue == nil || mapped != nil ? samples : nil
        lowering.add(call)
    }

    /// A call of one of both kernels.
    /// - Parameters:
    ///   - rows: Of the result.
    ///   - terms: Of each sum.
    ///   - columns: Of the result and of the other factor, of all groups.
    fileprivate func call(
        _ name: String, _ kernel: @escaping rk_kernel,
        _ scratch: @escaping (UnsafePointer<rk_convolution>?, Int32) -> Int64, of images: Buffer, channels: Int, with factor: Buffer,
        into c: Buffer, rows: Int, terms: Int, columns: Int, bias: Buffer? = nil, epilogue: Map? = nil
    ) -> PlannedCall {
        var description = rk_convolution()
        (description.outputs, description.taps, description.pixels) = (Int64(output.count), Int64(windows.taps), Int64(input.count))
        (description.channels, description.pixel) = (Int64(channels / groups), Int64(channels))
        description.groups = Int64(groups)
        (description.product.m, description.product.n, description.product.k) = (Int64(rows), Int64(columns / groups), Int64(terms))
        (description.product.a_row, description.product.a_column, description.product.b_column) = (1, 1, 1)
        (description.product.b_row, description.product.c_row) = (Int64(columns), Int64(columns))
        description.product.zeros = Int32(rk_zeros_selected().rawValue)
        let places = places, shifts = windows.shifts(ofPixels: isTransposed)
        if shifts != nil {
            (description.frame.in_columns, description.frame.out_columns) = (Int64(input.columns), Int64(output.columns))
            description.frame.run = Int64(windows.dilation.columns == 1 ? windows.kernel.columns : 1)
        }
        return PlannedCall(
            name: "\(name) \(rows)×\(terms)×\(columns)",
            reads: [images, factor] + (bias.map { [$0] } ?? []) + (epilogue?.reads.filter { $0 != c } ?? []), writes: [c],
            work: rows * terms * columns,
            scratch: { [description] parts in
                var description = description
                return (shifts ?? []).withUnsafeBufferPointer {
                    if shifts != nil { description.frame.shifts = $0.baseAddress }
                    return Int(scratch(&description, Int32(parts)))
                }
            }
        ) { [description] memory in
            var call = rk_call()
            call.kernel = kernel
            call.convolution = description
            call.convolution.product.a = UnsafeRawPointer(memory[images])
            call.convolution.product.b = UnsafeRawPointer(memory[factor])
            call.convolution.product.c = memory[c]
            call.convolution.product.bias = bias.map { UnsafeRawPointer(memory[$0]) }
            call.convolution.product.epilogue = epilogue.map { UnsafePointer(memory.store($0.descriptor(in: memory))) }
            call.convolution.places = UnsafePointer(memory.store(places))
            call.convolution.frame.shifts = shifts.map { UnsafePointer(memory.store($0)) }
            call.convolution.product.scratch = memory.scratch
            call.convolution.product.scratch_stride = Int64(memory.scratchStride)
            return call
        }
    }
}

/// The gradient of a convolution's weights: for each tap the products of the pixels under it with what is handed back
/// to the outputs, summed over all outputs of all samples. Images and `[batch, rows, columns, N]` give
/// `[window rows, window columns, C / groups, N]`.
struct FilterGradient: Operation {
    var windows: Windows
    var groups: Int
    var isTransposed: Bool
    var name: String { "filter gradient" }

    private var convolution: Convolution { Convolution(windows: windows, groups: groups, isTransposed: isTransposed) }

    func shape(of operands: [Shape]) throws -> Shape {
        let (x, g) = (operands[0], operands[1])
        let (input, output) = (convolution.input, convolution.output)
        guard x.rank == 4, g.rank == 4, x[0] == g[0], x[1] == input.rows, x[2] == input.columns, g[1] == output.rows,
            g[2] == output.columns, x[3] % groups == 0, g[3] % groups == 0
        else { throw RectifierError(.shape, "\(name): \(x) and \(g) are not input and output of one convolution") }
        return [windows.kernel.rows, windows.kernel.columns, x[3] / groups, g[3]]
    }

    func gradient(upstream u: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        let back = Convolution(windows: windows, groups: groups, isTransposed: !isTransposed)
        return [try Formula(back, x[1], u.exchangingChannels(groups: groups)), try Formula(convolution, x[0], u)]
    }

    func response(to operand: Int) -> Response { .product(with: 1 - operand, byRows: false) }

    /// Directions join each group's channels, or its filters.
    func tangent(of y: Formula, in tangents: Tangents) throws -> Formula? {
        let (x, g) = (y.operands[0], y.operands[1])
        if let moved = tangents[x] {
            let (window, filters) = (windows.kernel, y.shape[3])
            return try Formula(self, tangents.joined(moved, groups), g)
                .reshaped(to: [window.rows, window.columns, tangents.directions, y.shape[2], filters]).transposed([2, 0, 1, 3, 4])
        }
        guard let moved = tangents[g] else { return nil }
        return try tangents.split(Formula(self, x, tangents.joined(moved, groups)), like: y, groups)
    }

    func rounding(of y: Formula, batchSize: Int) throws -> Rounding? {
        let terms = y.operands[1].shape.resolved(batchSize: batchSize)[..<3].reduce(1, *)
        return Rounding(try Formula(self, abs(y.operands[0]), abs(y.operands[1])), Double(terms).squareRoot())
    }

    func lower(_ result: Formula, in lowering: inout Lowering) {
        let x = lowering.extents(of: result.operands[0]), g = lowering.extents(of: result.operands[1])
        let (images, upstream) = (lowering.buffer(of: result.operands[0]), lowering.buffer(of: result.operands[1]))
        lowering.add(
            convolution.call(
                name, lowering.kernels.filters, lowering.kernels.filters_scratch, of: images, channels: x[3], with: upstream,
                into: lowering.newBuffer(for: result), rows: windows.taps * x[3] / groups, terms: g[0] * g[1] * g[2], columns: g[3]))
    }
}

extension Tangents {
    /// The directions of a tangent as shares of each group of the last axis.
    fileprivate func joined(_ moved: Formula, _ groups: Int) throws -> Formula {
        let own = Array(moved.shape.extents[1...3]), last = moved.shape[4]
        return try moved.reshaped(to: Shape([directions] + own + [groups, last / groups])).transposed([1, 2, 3, 4, 0, 5])
            .reshaped(to: Shape(own + [directions * last]))
    }

    /// The tangent that was computed so.
    fileprivate func split(_ result: Formula, like y: Formula, _ groups: Int) throws -> Formula {
        let own = Array(y.shape.extents[..<3])
        return try result.reshaped(to: Shape(own + [groups, directions, y.shape[3] / groups])).transposed([4, 0, 1, 2, 3, 5])
            .reshaped(to: extended(y.shape))
    }
}

extension Formula {
    /// A convolution's weights for the way back: `[…, C / groups, N]` becomes `[…, N / groups, C]`.
    fileprivate func exchangingChannels(groups: Int) throws -> Formula {
        let (rows, columns, channels, filters) = (shape[0], shape[1], shape[2], shape[3])
        if groups == 1 { return try transposed([0, 1, 3, 2]) }
        return try reshaped(to: [rows * columns, channels, groups, filters / groups]).transposed([0, 3, 2, 1])
            .reshaped(to: [rows, columns, filters / groups, groups * channels])
    }
}

/// Weighted sums over windows of images, without a flip of the window: what networks call a convolution.
///
/// - Parameters:
///   - x: Images, `[batch, rows, columns, channels]`, channels last.
///   - weights: `[window rows, window columns, channels / groups, filters]`. In groups, each share of the filters sees
///     the same share of the channels; with as many groups as channels it is called depthwise.
///   - windows: Of images of this size.
/// - Returns: `[batch, rows, columns, filters]`, where windows stand.
/// - Throws: ``RectifierError`` where shapes do not fit.
public func convolution(_ x: Formula, _ weights: Formula, windows: Windows, groups: Int = 1) throws -> Formula {
    try Formula(Convolution(windows: windows, groups: groups), x, weights)
}

/// The transpose of ``convolution(_:_:windows:groups:)``, as that of a matrix: from what has the shape of its result to
/// what has the shape of its images.
///
/// - Parameters:
///   - x: `[batch, rows, columns, channels]`, as many as windows stand at.
///   - weights: `[window rows, window columns, channels / groups, filters]`.
///   - windows: Of images of the result's size.
public func transposedConvolution(_ x: Formula, _ weights: Formula, windows: Windows, groups: Int = 1) throws -> Formula {
    try Formula(Convolution(windows: windows, groups: groups, isTransposed: true), x, weights)
}
