/// A network with the values of its parameters as what it is where all its activations are like ReLU: affine maps, each
/// valid on a region of its inputs, with kinks between them. All of it in double precision, whatever the network was
/// trained in.
///
/// ```swift
/// let pieces = try LinearPieces(of: model.network, model.parameters)
/// let piece = try pieces.piece(at: x)
/// if let kink = piece.nearestKink(in: .l2) { print(kink.distance, kink.unit) }
/// ```
///
/// Layers may be affine ones, ReLU, leaky ReLU, PReLU, ReLU6, hard sigmoid and tanh, absolute values, maxima and minima
/// of two, convolutions and poolings, and layers of your own made of those; dropout does nothing outside training. The
/// largest of a window is found two by two: places where pixels are equal that are not the largest are kinks as well.
///
/// Used from one thread at a time, as ``Program`` is: programs are compiled when they are first needed and kept.
public final class LinearPieces {
    public let network: Network
    /// The number of kinks: one for each unit of a layer like ReLU, two for one that is held between bounds.
    public let unitCount: Int

    let sites: [Site]
    /// Elements of a sample.
    let width: Int
    private let parameters: Parameters
    /// For a batch: the network's input and output, and the kinks' margins.
    private let input: Formula
    private let output: Formula
    private let margins: [Formula]
    /// The layer of each formula, by id.
    private let layers: [Int: String]

    private var pointProgram: Program?
    private var planeProgram: Program?
    private var linePrograms: [Int: Program] = [:]

    /// The kinks of one operation.
    struct Site {
        var layer: String
        /// Which of its layer's kinks this is, from 0.
        var kink: Int
        /// The places of its units among all.
        var units: Range<Int>
    }

    /// Throws where a layer is not piecewise linear, which the message names, or a parameter is missing or has another
    /// shape.
    public init(of network: Network, _ parameters: Parameters) throws {
        let built = try network.built(isTraining: false)
        self.network = network
        self.parameters = parameters
        (input, output) = (built.input, built.output)
        width = network.inputShape.reduce(1, *)

        var margins: [Formula] = [], sites: [Site] = []
        var known = Set<Kink.Place>()
        var kinksOfLayer: [String: Int] = [:]
        var count = 0
        for site in built.kinkSites(below: [built.output], dependingOn: [built.input]) where known.insert(site.kink.place).inserted {
            let margin = try site.kink.margin
            let units = margin.shape.count(batchSize: 1)
            margins.append(margin)
            sites.append(Site(layer: site.layer, kink: kinksOfLayer[site.layer, default: 0], units: count..<count + units))
            kinksOfLayer[site.layer, default: 0] += 1
            count += units
        }
        self.margins = margins
        self.sites = sites
        unitCount = count
        var layers: [Int: String] = [:]
        for formula in topologicalOrder(of: [built.output] + margins) {
            layers[formula.id] = built.layerOutputs.firstIndex { $0.id >= formula.id }.map { built.rows[$0].name } ?? "output"
        }
        self.layers = layers
        // What cannot be done is said here.
        pointProgram = try makePointProgram()
    }

    /// A kink by its place in an ``ActivationPattern``, `0..<unitCount`.
    public func unit(_ place: Int) -> KinkUnit {
        let site = sites.first { $0.units.contains(place) }!
        return KinkUnit(layer: site.layer, index: place - site.units.lowerBound, kink: site.kink)
    }

    /// Refuses what is no sample.
    func check(_ x: [Double], _ what: String) throws {
        guard x.count == width else {
            throw RectifierError(.shape, "\(what) has \(x.count) numbers; the network takes \(width), of shape \(network.inputShape)")
        }
        if let place = x.firstIndex(where: { !$0.isFinite }) { throw RectifierError(.data, "\(what) holds \(x[place]) at place \(place)") }
    }

    /// Refuses numbers of units, row by row, that left the finite range.
    func checkFinite(_ values: [Double], _ what: String = "pre-activation") throws {
        guard let place = values.firstIndex(where: { !$0.isFinite }) else { return }
        throw RectifierError(.divergence, "\(unit(place % unitCount)): its \(what) is \(values[place]); are all parameters finite?")
    }

    // MARK: Programs

    /// Outputs of the programs for one sample.
    enum PointOutput: Int {
        /// `[units]`.
        case margins
        /// `[directions, units]`.
        case tangents
        // Of the tangents along all axes alone: the gradients' norms, `[units]`, and the affine map.
        case l2, l1, maximum, output, matrix, offset
    }

    /// The margins and their derivatives at a point along some directions, `[directions, width]`. Read the results off
    /// the program.
    ///
    /// - Parameter directions: `nil` for all axes in order; else two.
    func linearise(at x: [Double], along directions: [Double]? = nil) throws -> Program {
        let program: Program
        if directions == nil {
            program = try pointProgram ?? makePointProgram()
            pointProgram = program
        } else {
            program = try planeProgram ?? makeProgram(directions: 2)
            planeProgram = program
        }
        if program.hasInput("x") { try program.setInput("x", to: x) }
        if let directions, program.hasInput("directions") { try program.setInput("directions", to: directions) }
        program.run()
        return program
    }

    /// The margins at the points `start + positions[i] * direction`: a row of ``unitCount`` numbers for each.
    func margins(from start: [Double], along direction: [Double], at positions: [Double]) throws -> [[Double]] {
        guard unitCount > 0 else { return positions.map { _ in [] } }
        var rows: [[Double]] = []
        while rows.count < positions.count {
            let left = positions.count - rows.count
            // A few sizes that are filled up with the last position, so that few programs are compiled.
            let size = [8, 64, 512].first { $0 >= left } ?? 512
            let taken = min(size, left)
            let program = try linePrograms[size] ?? makeLineProgram(size)
            linePrograms[size] = program
            let chunk = Array(positions[rows.count..<rows.count + taken])
            try program.setInput("position", to: chunk + [Double](repeating: chunk[taken - 1], count: size - taken))
            try program.setInput("start", to: start)
            try program.setInput("direction", to: direction)
            program.run()
            let values = program.values(ofOutput: 0)
            try checkFinite(Array(values[..<(taken * unitCount)]))
            for row in 0..<taken { rows.append(Array(values[row * unitCount..<(row + 1) * unitCount])) }
        }
        return rows
    }

    private func makePointProgram() throws -> Program { try makeProgram(directions: nil) }

    private func makeProgram(directions count: Int?) throws -> Program {
        let x = Formula.input("x", shape: [1, width])
        let (output, margins, places) = try rebuilt(on: x.reshaped(to: Shape([1] + network.inputShape)), batchSize: 1)
        let rows = count ?? width
        let directions = Formula.input("directions", shape: [rows, width])
        let tangents = try tangents(of: [output] + margins, from: x, along: directions, areUnitVectors: count == nil, places)
        func tangent(_ formula: Formula) throws -> Formula {
            let shape = Shape([rows, formula.shape.extents.reduce(1, *)])
            return try tangents[formula]?.reshaped(to: shape) ?? Formula.constant(0).broadcast(to: shape)
        }
        var outputs: [Formula] = []
        if margins.isEmpty {
            outputs = [Formula](repeating: 0, count: PointOutput.output.rawValue)
        } else {
            let units = try concatenated(margins.map { try $0.reshaped(to: [1, $0.shape.extents.reduce(1, *)]) }, axis: 1)
            let slopes = try concatenated(margins.map(tangent), axis: 1)
            outputs = [units, slopes]
            if count == nil {
                // Divided by the largest element first, squares neither overflow nor vanish.
                let magnitudes = abs(slopes)
                let largest = try magnitudes.maximum(over: [0], keepingAxes: true)
                let scaled = try slopes / Rectifier.maximum(largest, .constant(.leastNormalMagnitude))
                let l2 = try largest * sqrt((scaled * scaled).sum(over: [0], keepingAxes: true))
                outputs += [l2, try magnitudes.sum(over: [0], keepingAxes: true), largest]
            }
        }
        if count == nil {
            let values = try output.reshaped(to: [1, output.shape.extents.reduce(1, *)])
            let slopes = try tangent(output)
            outputs += [values, try slopes.transposed(), try values - matmul(x, slopes)]
        }
        let program = try Program(outputs, batchSize: 1, parameters: parameters, elementType: .float64)
        if count == nil, program.hasInput("directions") {
            var identity = [Double](repeating: 0, count: width * width)
            for i in 0..<width { identity[i * width + i] = 1 }
            try program.setInput("directions", to: identity)
        }
        return program
    }

    /// Refuses by name what is not piecewise linear.
    private func tangents(
        of outputs: [Formula], from x: Formula, along directions: Formula, areUnitVectors: Bool, _ places: [Int: String]
    ) throws -> Tangents {
        do {
            return try Tangents(of: outputs, from: x, along: directions, areUnitVectors: areUnitVectors)
        } catch let refusal as NotPiecewiseLinear {
            throw RectifierError(
                .setting,
                "\(places[refusal.formula.id] ?? "output"): \(refusal.formula.operation.name) is not piecewise linear; kinks, "
                    + "their distances and regions are exact only for networks of affine layers and activations like ReLU")
        }
    }

    private func makeLineProgram(_ size: Int) throws -> Program {
        let position = Formula.input("position", shape: [Shape.batch, 1])
        let points = try Formula.input("start", shape: [1, width]) + position * Formula.input("direction", shape: [1, width])
        let margins = try rebuilt(on: points.reshaped(to: input.shape), batchSize: nil).margins
        let rows = try margins.map { try $0.reshaped(to: [Shape.batch, $0.shape.extents.dropFirst().reduce(1, *)]) }
        return try Program([concatenated(rows, axis: 1)], batchSize: size, parameters: parameters, elementType: .float64)
    }

    /// The network and its margins on another input, and the layer of each of the new formulas.
    private func rebuilt(on x: Formula, batchSize: Int?) throws -> (output: Formula, margins: [Formula], places: [Int: String]) {
        var places: [Int: String] = [:]
        let made = try Rectifier.rebuilt([output] + margins) { original, operands in
            if original == input { return x }
            guard !operands.isEmpty else { return original }
            let operation = batchSize.map { original.operation.resolved(batchSize: $0) } ?? original.operation
            let result = try Formula(operation, operands)
            places[result.id] = layers[original.id]
            return result
        }
        return (made[0], Array(made.dropFirst()), places)
    }
}

/// One kink of a network: that of one unit of a layer.
public struct KinkUnit: Hashable, Sendable, CustomStringConvertible {
    /// As ``NetworkSummary`` names it: `relu1`.
    public var layer: String
    /// The unit's place in the layer, in row-major order.
    public var index: Int
    /// Which of the layer's kinks it is: 0, but for layers with several, such as the upper bound of one that is held
    /// between two.
    public var kink: Int

    public init(layer: String, index: Int, kink: Int = 0) { (self.layer, self.index, self.kink) = (layer, index, kink) }

    /// `relu1[3]`, or `hardTanh1[3].1` for a second kink.
    public var description: String { "\(layer)[\(index)]" + (kink == 0 ? "" : ".\(kink)") }
}

/// On which side of each kink a point lies, in the order the network computes them: one linear region is one pattern.
public struct ActivationPattern: Hashable, Sendable {
    /// Whether the margin (for ReLU the pre-activation) is above 0.
    public var isActive: [Bool]

    public init(_ isActive: [Bool]) { self.isActive = isActive }
    init(margins: [Double]) { isActive = margins.map { $0 > 0 } }
}

extension Kink {
    /// What two kinks at the same points have in common, however they are written: PReLU is made of two halves with one
    /// kink.
    struct Place: Hashable {
        var a: Int
        var b: Int
        var constant: UInt64?
    }

    var place: Place {
        guard let constant = b.constantValue else { return Place(a: a.id, b: b.id) }
        var a = a
        if constant == 0 { while let x = a.opposite { a = x } }
        return Place(a: a.id, b: 0, constant: constant == 0 ? 0 : constant.bitPattern)
    }
}
