import CRectifierKernels

// Pooling, channels last. The largest element of each window and the way back from it are two operations that are
// closed under differentiation; means of windows and their transpose are one.

/// For each window and channel the element of the second operand where the first, images of the same shape, is largest:
/// `[…, rows, columns, channels]`. The largest element itself where both are one formula.
///
/// Padding is never the largest. NaN is, and gives NaN.
struct WindowPick: Operation {
    var windows: Windows
    var ties: Ties
    /// Whether the images are rectified, with the derivative 0 where they are 0. Then ties of zeros are no kinks of
    /// this operation: as all of them stay 0 when units at 0 close, the derivative is the one beside it.
    var ofRectified = false
    /// The first of its kinks' counters.
    var counter: KinkCounter?
    var name: String { "maxpool" }

    func shape(of operands: [Shape]) throws -> Shape {
        guard operands[0] == operands[1] else {
            throw RectifierError(.shape, "\(name): \(operands[0]) and \(operands[1]) are not images of one shape")
        }
        return try windows.pooled(operands[0])
    }

    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [nil, try Formula(WindowSpread(windows: windows, ties: ties), x[0], g)]
    }

    private func isOfOne(_ y: Formula) -> Bool { y.operands[0] == y.operands[1] }

    /// Another place may become the largest at ties only.
    func response(to operand: Int) -> Response { operand == 0 ? .constant : .affine }
    func tangent(of y: Formula, in tangents: Tangents) throws -> Formula? {
        guard let moved = tangents[y.operands[1]] else { return nil }
        return try Formula(self, y.operands[0].broadcast(to: moved.shape), moved)
    }

    func keepsSamples(of y: Formula) -> Bool { windows.keepsSamples(y.shape) }

    /// Where all pixels of a window are such zeros, its largest element is.
    func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? {
        guard isOfOne(y) else { return nil }
        return try zeros(y.operands[0]).map { try windows.everywhere($0) }
    }

    func rounding(of y: Formula, batchSize: Int) throws -> Rounding? {
        guard ties == .split, !isOfOne(y) else { return nil }
        return Rounding(try Formula(self, y.operands[0], abs(y.operands[1])), Double(windows.taps).squareRoot())
    }

    func bounds(of y: Formula, _ x: [Bounds], _ roundoff: Roundoff) -> Bounds? {
        windows.bounds(x[1], channels: y.shape.extents.last!) { pixels in
            let hull = pixels.dropFirst().reduce(pixels[0]) { $0.joined(with: $1) }
            guard isOfOne(y) else { return ties == .split ? nil : hull }
            return Interval(pixels.lazy.map(\.low).max()!, hull.high)
        }
    }

    var declaredAtKinks: String? { "ties \(ties)" }
    func atKinks(_ share: Double) -> Self { WindowPick(windows: windows, ties: Ties(share: share), ofRectified: ofRectified) }

    func kinks(of x: [Formula]) -> [Kink] {
        guard x[0] == x[1] else { return windows.ties(of: x[0], ties, ofRectified: false, largest: nil) }
        let largest = try! Formula(WindowPick(windows: windows, ties: ties), x[0], x[0])
        return windows.ties(of: x[0], ties, ofRectified: ofRectified, largest: largest)
    }

    func counting(with counter: KinkCounter) -> Self? {
        var counted = self
        counted.counter = counter
        return counted
    }

    func lower(_ result: Formula, in lowering: inout Lowering) {
        lowering.addWindows(lowering.kernels.pick, windows, result, result.operands) { description, _ in
            description.ties = rk_ties(ties)
            description.counters = counter?.address
            description.counts_zeros = !ofRectified
        }
    }
}

/// The transpose of ``WindowPick``: each window's element of the second operand is handed back to the pixel where the
/// first, images, is largest.
struct WindowSpread: Operation {
    var windows: Windows
    var ties: Ties
    var name: String { "maxpool transposed" }

    func shape(of operands: [Shape]) throws -> Shape {
        guard try windows.pooled(operands[0]) == operands[1] else {
            throw RectifierError(.shape, "\(name): \(operands[1]) are not the windows of \(operands[0])")
        }
        return operands[0]
    }

    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [nil, try Formula(WindowPick(windows: windows, ties: ties), x[0], g)]
    }

    func response(to operand: Int) -> Response { operand == 0 ? .constant : .affine }
    func tangent(of y: Formula, in tangents: Tangents) throws -> Formula? {
        guard let moved = tangents[y.operands[1]] else { return nil }
        return try Formula(self, y.operands[0].broadcast(to: tangents.extended(y.operands[0].shape)), moved)
    }

    func keepsSamples(of y: Formula) -> Bool { windows.keepsSamples(y.shape) }

    func rounding(of y: Formula, batchSize: Int) throws -> Rounding? {
        guard ties == .split || windows.overlap else { return nil }
        return Rounding(try Formula(self, y.operands[0], abs(y.operands[1])), Double(windows.taps).squareRoot())
    }

    func atKinks(_ share: Double) -> Self { WindowSpread(windows: windows, ties: Ties(share: share)) }
    func kinks(of x: [Formula]) -> [Kink] { windows.ties(of: x[0], ties, ofRectified: false, largest: nil) }

    func lower(_ result: Formula, in lowering: inout Lowering) {
        let order = windows.order
        lowering.addWindows(lowering.kernels.spread, windows, result, result.operands) { description, memory in
            description.ties = rk_ties(ties)
            description.opens = UnsafePointer(memory.store(order.opens))
            description.unseen = UnsafePointer(memory.store(order.unseen))
            description.unseen_count = Int64(order.unseen.count)
        }
    }
}

/// For each window and channel the mean of its pixels, padding left out: `[…, rows, columns, channels]`.
///
/// `isTransposed`, it is the gradient of images: what a window is handed is shared by its pixels.
struct WindowMean: Operation {
    var windows: Windows
    var isTransposed = false
    var name: String { isTransposed ? "avgpool transposed" : "avgpool" }

    func shape(of operands: [Shape]) throws -> Shape {
        guard isTransposed else { return try windows.pooled(operands[0]) }
        let x = operands[0], outputs = windows.outputs
        guard x.rank >= 3, x.extents.dropLast().suffix(2) == [outputs.rows, outputs.columns] else {
            throw RectifierError(.shape, "\(name): takes windows [batch, \(outputs.rows), \(outputs.columns), channels], not \(x)")
        }
        return Shape(x.extents.dropLast(3) + [windows.image.rows, windows.image.columns, x.extents.last!])
    }

    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [try Formula(WindowMean(windows: windows, isTransposed: !isTransposed), g)]
    }

    func response(to operand: Int) -> Response { .affine }
    func tangent(of y: Formula, in tangents: Tangents) throws -> Formula? { try tangents[y.operands[0]].map { try Formula(self, $0) } }
    func keepsSamples(of y: Formula) -> Bool { windows.keepsSamples(y.shape) }

    func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? {
        isTransposed ? nil : try zeros(y.operands[0]).map { try windows.everywhere($0) }
    }

    func rounding(of y: Formula, batchSize: Int) throws -> Rounding? {
        Rounding(try Formula(self, abs(y.operands[0])), Double(windows.taps).squareRoot())
    }

    func bounds(of y: Formula, _ x: [Bounds], _ roundoff: Roundoff) -> Bounds? {
        guard !isTransposed else { return nil }
        return windows.bounds(x[0], channels: y.shape.extents.last!) { pixels in
            let scale = 1 / Double(pixels.count)
            let signs = pixels.dropFirst().reduce(pixels[0]) { $0.joined(with: $1) }
            func mean(_ term: (Interval) -> Double) -> Double { pixels.reduce(0) { $0 + term($1) } * scale }
            return roundoff.sum(
                Interval(mean(\.low), mean(\.high)), magnitude: mean(\.magnitude), terms: pixels.count, factors: (signs.magnitude, scale),
                signs: signs)
        }
    }

    func lower(_ result: Formula, in lowering: inout Lowering) {
        let places = windows.places, taps = windows.taps
        let scales = (0..<windows.outputs.count).map { output in
            1 / Double(places[output * taps..<(output + 1) * taps].count { $0 >= 0 })
        }
        lowering.addWindows(lowering.kernels.fold, windows, result, result.operands, isTransposed: isTransposed) { description, memory in
            description.scales = UnsafePointer(memory.store(scales))
            description.scales_in = isTransposed
        }
    }
}

extension Windows {
    /// The shape that windows over images of a shape have. Throws where the images have another size, or a window would
    /// have nothing but padding.
    fileprivate func pooled(_ x: Shape) throws -> Shape {
        guard x.rank >= 3, x.extents.dropLast().suffix(2) == [image.rows, image.columns] else {
            throw RectifierError(.shape, "takes images [batch, \(image.rows), \(image.columns), channels], not \(x)")
        }
        func sees(_ size: Int, _ outputs: Int, _ kernel: Int, _ stride: Int, _ dilation: Int, _ before: Int) -> Bool {
            (0..<outputs).allSatisfy { output in (0..<kernel).contains { 0..<size ~= output * stride + $0 * dilation - before } }
        }
        guard sees(image.rows, outputs.rows, kernel.rows, stride.rows, dilation.rows, before.rows),
            sees(image.columns, outputs.columns, kernel.columns, stride.columns, dilation.columns, before.columns)
        else {
            throw RectifierError(
                .shape,
                "a window of \(kernel.rows)x\(kernel.columns) over an image of \(image.rows)x\(image.columns) would have nothing but padding; "
                    + "take less padding")
        }
        return Shape(x.extents.dropLast(3) + [outputs.rows, outputs.columns, x.extents.last!])
    }

    /// Tap by tap the pixels under all windows, `[…, rows, columns, channels]`, and far below all numbers where that is
    /// padding: made of slices.
    private func taps(of x: Formula) throws -> [Formula] {
        // Padded so far that each tap has a whole step for its last window.
        func padded(_ x: Formula, axis: Int, before: Int, to size: Int) throws -> Formula {
            func padding(_ count: Int) throws -> [Formula] {
                var shape = x.shape
                shape.extents[axis] = count
                return count > 0 ? [try Formula.constant(-1e30).broadcast(to: shape)] : []
            }
            return try concatenated(padding(before) + [x] + padding(size - before - x.shape[axis]), axis: axis)
        }
        func under(_ tap: Int, _ x: Formula, axis: Int, outputs: Int, stride: Int, dilation: Int) throws -> Formula {
            let steps = try x.sliced(axis: axis, tap * dilation..<tap * dilation + outputs * stride)
            func split(_ middle: [Int]) -> Shape { Shape(x.shape.extents[..<axis] + middle + x.shape.extents[(axis + 1)...]) }
            return try steps.reshaped(to: split([outputs, stride])).sliced(axis: axis + 1, 0..<1).reshaped(to: split([outputs]))
        }
        let axis = x.shape.rank - 3
        func size(_ size: Int, _ kernel: Int, _ dilation: Int, _ stride: Int, _ outputs: Int, _ before: Int) -> Int {
            max(before + size, (kernel - 1) * dilation + outputs * stride)
        }
        var all = try padded(
            x, axis: axis, before: before.rows,
            to: size(image.rows, kernel.rows, dilation.rows, stride.rows, outputs.rows, before.rows))
        all = try padded(
            all, axis: axis + 1, before: before.columns,
            to: size(image.columns, kernel.columns, dilation.columns, stride.columns, outputs.columns, before.columns))
        return try (0..<kernel.rows).flatMap { row in
            let rows = try under(row, all, axis: axis, outputs: outputs.rows, stride: stride.rows, dilation: dilation.rows)
            return try (0..<kernel.columns).map { column in
                try under(column, rows, axis: axis + 1, outputs: outputs.columns, stride: stride.columns, dilation: dilation.columns)
            }
        }
    }

    /// The kinks of what follows the largest pixel of each window: for each tap but the first, where it equals the
    /// largest of those before, if that is the window's largest.
    ///
    /// - Parameter largest: The largest elements, where that is what follows; `nil` for what jumps at ties.
    fileprivate func ties(of x: Formula, _ ties: Ties, ofRectified: Bool, largest: Formula?) -> [Kink] {
        do {
            let taps = try taps(of: x), top = try largest ?? Formula(WindowPick(windows: self, ties: .first), x, x)
            var matters: Formula { get throws { try ofRectified ? Formula.constant(1) - equal(top, 0) : .constant(1) } }
            var leader = taps[0], kinks: [Kink] = []
            for tap in taps.dropFirst() {
                // Where not the first of several equal ones has it all, the share of each depends on the others.
                let slopes = largest == nil || ties != .first ? nil : Kink.Slopes(below: 0, at: 1, above: 1)
                let next = try Formula(Maximum(ties: ties), leader, tap)
                kinks.append(Kink(leader, tap, slopes, where: try equal(next, top) * matters))
                leader = next
            }
            return kinks
        } catch { preconditionFailure("the windows fit the images: \(error)") }
    }

    fileprivate func keepsSamples(_ y: Shape) -> Bool { y.rank >= 4 && y.extents.first == Shape.batch }

    /// Whether a pixel may be in several windows.
    fileprivate var overlap: Bool { order.overlap }

    /// Which windows see which pixel first, window by window and tap by tap, and the pixels that none sees.
    fileprivate var order: (opens: [Bool], unseen: [Int32], overlap: Bool) {
        var isSeen = [Bool](repeating: false, count: image.count), overlap = false
        let opens = places.map { place in
            guard place >= 0 else { return false }
            defer { isSeen[Int(place)] = true }
            overlap = overlap || isSeen[Int(place)]
            return !isSeen[Int(place)]
        }
        return (opens, isSeen.indices.filter { !isSeen[$0] }.map(Int32.init), overlap)
    }

    /// 1 for windows whose pixels are all 1, of a mask of pixels.
    fileprivate func everywhere(_ mask: Formula) throws -> Formula {
        let others = try 1 - mask
        return try 1 - Formula(WindowPick(windows: self, ties: .first), others, others)
    }

    /// Of each window and channel, given those of its pixels, all of them bounded.
    fileprivate func bounds(_ x: Bounds, channels: Int, _ interval: ([Interval]) -> Interval?) -> Bounds {
        let places = places, size = image.count * channels
        return Bounds(
            (0..<x.elements.count / max(1, size)).flatMap { sample in
                (0..<outputs.count * channels).map { element in
                    let (output, channel) = element.quotientAndRemainder(dividingBy: channels)
                    let pixels = places[output * taps..<(output + 1) * taps].filter { $0 >= 0 }
                        .map { x.elements[sample * size + Int($0) * channels + channel] }
                    return pixels.allSatisfy(\.isBounded) ? interval(pixels) ?? .unbounded : .unbounded
                }
            })
    }
}

extension rk_ties {
    fileprivate init(_ ties: Ties) {
        switch ties {
        case .first: self = RK_TIES_FIRST
        case .second: self = RK_TIES_LAST
        case .split: self = RK_TIES_SPLIT
        }
    }
}

extension Lowering {
    /// A call over windows. Threads share its samples.
    /// - Parameters:
    ///   - operands: What is compared, if anything is, and what is picked, spread or summed.
    ///   - isTransposed: Each pixel takes the part of a window, and each window that of a pixel.
    fileprivate mutating func addWindows(
        _ kernel: rk_kernel?, _ windows: Windows, _ result: Formula, _ operands: [Formula], isTransposed: Bool = false,
        _ describe: @escaping (inout rk_windows, ProgramMemory) -> Void
    ) {
        let sources = operands.map { buffer(of: $0) }, out = newBuffer(for: result), extents = extents(of: result)
        let samples = extents.dropLast(3).reduce(1, *), channels = extents.last!
        let places = isTransposed ? windows.placesOfPixels : windows.places
        let (pixels, outputs) = isTransposed ? (windows.outputs.count, windows.image.count) : (windows.image.count, windows.outputs.count)
        add(
            PlannedCall(
                name: "\(result.operation.name) \(samples)×\(outputs)×\(channels)", reads: sources, writes: [out],
                work: samples * outputs * windows.taps * channels, rows: SharedRows(count: samples, buffers: sources + [out])
            ) { memory in
                var call = rk_call()
                call.kernel = kernel
                call.windows.x = UnsafeRawPointer(memory[sources[0]])
                call.windows.in = UnsafeRawPointer(memory[sources.last!])
                call.windows.out = memory[out]
                call.windows.places = UnsafePointer(memory.store(places))
                call.windows.samples = Int64(samples)
                call.windows.pixels = Int64(pixels)
                call.windows.outputs = Int64(outputs)
                call.windows.taps = Int64(windows.taps)
                call.windows.channels = Int64(channels)
                describe(&call.windows, memory)
                return call
            })
    }
}

extension Formula {
    /// The largest element of each window and channel of images `[batch, rows, columns, channels]`, channels last.
    ///
    /// - Parameters:
    ///   - windows: Of images of this size. Padding is never the largest.
    ///   - ties: What equal ones have of the derivative: the first, the last (`.second`), or each the same.
    /// - Returns: `[batch, rows, columns, channels]`, where windows stand.
    /// - Throws: ``RectifierError`` where shapes do not fit, or a window has nothing but padding.
    public func maximum(in windows: Windows, ties: Ties = .first) throws -> Formula {
        let ofRectified = operation.keepsPositivity && operation.kinks(of: operands).allSatisfy { $0.slopes?.at.value == 0 }
        return try Formula(WindowPick(windows: windows, ties: ties, ofRectified: ofRectified), self, self)
    }

    /// The mean of each window and channel of images `[batch, rows, columns, channels]`, channels last; padding is not
    /// counted.
    ///
    /// - Parameter windows: Of images of this size.
    /// - Returns: `[batch, rows, columns, channels]`, where windows stand.
    /// - Throws: ``RectifierError`` where shapes do not fit, or a window has nothing but padding.
    public func mean(in windows: Windows) throws -> Formula { try Formula(WindowMean(windows: windows), self) }
}
