import CRectifierKernels

/// The parameters of a network while programs use them: weights, their gradients and the optimizer's state, each in one
/// block, so that an update is one pass.
///
/// Parameters that are updated alike lie side by side, so that each group is one range: those that decay before the
/// others, and states last.
package final class ParameterMemory {
    package struct Slot {
        package var name: String
        package var shape: [Int]
        package var offset: Int
        package var count: Int
        /// Whether gradients move it; states are moved otherwise.
        package var isTrained = true
    }

    package let elementType: ElementType
    /// In the order of the network.
    package let slots: [Slot]
    /// Parameters that one update passes over: with padding, which stays 0.
    package struct Group {
        var range: Range<Int>
        /// Of a state, by which share of the way a step moves it.
        var role: Parameter.Role
        /// What the learning rate is multiplied by; 0 for parameters that are not trained.
        var rate: Double

        var isTrained: Bool { if case .state = role { false } else { rate > 0 } }
    }

    package let groups: [Group]
    /// Elements in a block, padding included.
    package let count: Int
    /// Elements before the states.
    let trainedCount: Int

    /// In the computing type.
    package let weights: UnsafeMutableRawPointer
    /// In the element type; the same memory as `weights` where both types are one.
    let copies: UnsafeMutableRawPointer
    /// In the element type; `nil` until training asks for it.
    private(set) var gradients: UnsafeMutableRawPointer?
    /// The optimizer's, in the computing type.
    package private(set) var states: [UnsafeMutableRawPointer] = []

    private let places: [String: Int]

    /// Throws where a parameter has a shape that is none, where two have one name, and where there is no memory for
    /// them.
    /// - Parameter rate: What the learning rate is multiplied by for the parameter of a name.
    package init(parameters: [Formula], elementType: ElementType, rate: (String) -> Double = { _ in 1 }) throws {
        self.elementType = elementType
        try ParameterMemory.check(parameters)
        var offset = 0
        var slots: [Slot?] = parameters.map { _ in nil }
        let kinds = parameters.map { formula in
            let parameter = formula.parameter!
            return (role: parameter.role, rate: parameter.isTrained ? rate(parameter.name) : 0)
        }
        let shares = Set(parameters.compactMap(\.parameter!.share)).sorted()
        var groups: [Group] = [], trainedCount = 0
        for role in [.weight, .bias] + shares.map({ Parameter.Role.state(share: $0) }) {
            for rate in Set(kinds.lazy.filter { $0.role == role }.map(\.rate)).sorted(by: >) {
                let start = offset
                for (index, formula) in parameters.enumerated() where kinds[index] == (role, rate) {
                    let parameter = formula.parameter!, count = formula.shape.extents.reduce(1, *)
                    slots[index] = Slot(
                        name: parameter.name, shape: formula.shape.extents, offset: offset, count: count, isTrained: parameter.isTrained)
                    // Kernels may read 64 bytes past the end; the next parameter or this padding is there.
                    offset += (count + 63) / 64 * 64
                }
                groups.append(Group(range: start..<offset, role: role, rate: rate))
            }
            if role == .bias { trainedCount = offset }
        }
        self.groups = groups
        self.trainedCount = trainedCount
        count = offset
        self.slots = slots.map { $0! }
        places = Dictionary(uniqueKeysWithValues: self.slots.enumerated().map { ($1.name, $0) })

        let hasCopies = elementType != elementType.computing
        try ParameterMemory.require(offset, [elementType.computing] + (hasCopies ? [elementType] : []))
        let weights = try ParameterMemory.block(offset, elementType.computing)
        self.weights = weights
        do {
            copies = hasCopies ? try ParameterMemory.block(offset, elementType) : weights
        } catch {
            // `deinit` does not run for what was never made.
            rk_free(weights)
            throw error
        }
    }

    deinit {
        for block in [weights] + states { rk_free(block) }
        if copies != weights { rk_free(copies) }
        if let gradients { rk_free(gradients) }
    }

    private static let advice = "choose a network of fewer weights"

    private static func block(_ count: Int, _ type: ElementType) throws -> UnsafeMutableRawPointer {
        try MachineMemory.block(count * type.size, for: "a network of \(count) weights", advice: advice)
    }

    /// Throws where a block of each of some types is more than this machine holds.
    private static func require(_ count: Int, _ types: [ElementType]) throws {
        let (bytes, overflow) = count.multipliedReportingOverflow(by: types.reduce(0) { $0 + $1.size })
        try MachineMemory.require(
            overflow ? nil : bytes, kind: .setting, for: "a network of \(count) weights", advice: advice)
    }

    /// Throws unless each parameter has a name of its own and a shape without a batch, and all can be counted together.
    private static func check(_ parameters: [Formula]) throws {
        var names = Set<String>(), total = 0
        for formula in parameters {
            let name = formula.parameter!.name, shape = formula.shape
            guard names.insert(name).inserted else {
                throw RectifierError(
                    .setting, "there are two parameters called \(name); give each its own name, or use one formula for both")
            }
            guard shape.extents.allSatisfy({ $0 > 0 }), let count = Shape.elementCount(shape.extents), count < Int.max / 64 - total else {
                throw RectifierError(.shape, "parameter \(name) has the shape \(shape), which no memory holds; extents are at least 1")
            }
            total += count
        }
    }

    /// Makes the memory for gradients and the optimizer's state, where it is not there. Throws where it does not fit.
    package func makeTrainable(stateCount: Int) throws {
        let missingStates = max(0, stateCount - states.count)
        try ParameterMemory.require(
            count, (gradients == nil ? [elementType] : []) + [ElementType](repeating: elementType.computing, count: missingStates))
        if gradients == nil { gradients = try ParameterMemory.block(count, elementType) }
        for _ in 0..<missingStates { states.append(try ParameterMemory.block(count, elementType.computing)) }
    }

    /// The shape of a parameter; `nil` where there is none of that name.
    func shape(of name: String) -> [Int]? { places[name].map { slots[$0].shape } }

    /// The place of a parameter in a block of a type.
    func address(of name: String, in block: UnsafeMutableRawPointer, of type: ElementType) -> UnsafeMutableRawPointer? {
        places[name].map { block + slots[$0].offset * type.size }
    }

    // MARK: Values in and out

    /// The values of one block, by parameter.
    package func read(_ block: UnsafeMutableRawPointer) -> Parameters { read(block, slots) }

    /// What the states are, by name.
    package func readStates() -> Parameters { read(weights, slots.filter { !$0.isTrained }) }

    private func read(_ block: UnsafeMutableRawPointer, _ slots: [Slot]) -> Parameters {
        var result = Parameters()
        for slot in slots {
            switch elementType.computing {
            case .float64:
                let start = (block + slot.offset * 8).assumingMemoryBound(to: Double.self)
                result[slot.name] = Tensor(shape: slot.shape, Array(UnsafeBufferPointer(start: start, count: slot.count)))
            default:
                let start = (block + slot.offset * 4).assumingMemoryBound(to: Float.self)
                result[slot.name] = Tensor(shape: slot.shape, Array(UnsafeBufferPointer(start: start, count: slot.count)))
            }
        }
        return result
    }

    /// The gradients, by parameter; zeros for those that are not trained. States have none.
    package func readGradients() -> Parameters {
        var result = Parameters()
        guard gradients != nil else { return result }
        for slot in slots where slot.isTrained {
            let values = gradientValues(slot)
            result[slot.name] =
                elementType == .float64 ? Tensor(shape: slot.shape, values) : Tensor(shape: slot.shape, values.map(Float.init))
        }
        return result
    }

    /// The gradient of one parameter, where there are gradients.
    func gradientValues(_ slot: Slot) -> [Double] {
        guard let gradients, let kernels = rk_table(elementType.kernelType) else { return [] }
        return [Double](unsafeUninitializedCapacity: slot.count) { values, filled in
            kernels.pointee.to_double(values.baseAddress, gradients + slot.offset * elementType.size, Int64(slot.count))
            filled = slot.count
        }
    }

    /// Sets the gradients, rounded to the element type; those of parameters that are not trained stay 0. Throws where
    /// one is missing or has another shape.
    package func writeGradients(_ values: Parameters) throws {
        try checkGradients(values)
        guard let gradients, let kernels = rk_table(elementType.kernelType) else { return }
        let frozen = groups.filter { !$0.isTrained }.map(\.range)
        for slot in slots where !frozen.contains(where: { $0.contains(slot.offset) }) {
            kernels.pointee.from_double(gradients + slot.offset * elementType.size, values[slot.name]!.doubles, Int64(slot.count))
        }
    }

    /// Throws where a parameter is missing or has another shape.
    package func check(_ parameters: Parameters) throws { try check(parameters, slots) }

    /// The same of gradients, which states have none of.
    package func checkGradients(_ gradients: Parameters) throws { try check(gradients, slots.filter(\.isTrained)) }

    private func check(_ parameters: Parameters, _ slots: [Slot]) throws {
        for slot in slots {
            guard let tensor = parameters[slot.name] else { throw RectifierError(.shape, "there is no parameter \(slot.name)") }
            guard tensor.shape == slot.shape else {
                throw RectifierError(.shape, "parameter \(slot.name) has shape \(tensor.shape) where the network has \(slot.shape)")
            }
        }
    }

    /// Fills one block. Throws where a parameter is missing or has another shape; nothing has changed then.
    package func write(_ parameters: Parameters, to block: UnsafeMutableRawPointer) throws {
        try check(parameters)
        for slot in slots {
            let tensor = parameters[slot.name]!
            switch elementType.computing {
            case .float64:
                (block + slot.offset * 8).assumingMemoryBound(to: Double.self).update(from: tensor.doubles, count: slot.count)
            default:
                (block + slot.offset * 4).assumingMemoryBound(to: Float.self).update(from: tensor.floats, count: slot.count)
            }
        }
        if block == weights, copies != weights, let kernels = rk_table(elementType.kernelType) {
            let values = UnsafeBufferPointer(start: weights.assumingMemoryBound(to: Float.self), count: count).map(Double.init)
            kernels.pointee.from_double(copies, values, Int64(count))
        }
    }

    /// Weights that are infinite or NaN, or become so in the element type, by parameter, where there are any.
    ///
    /// They have to be looked for: a product that skips the zeros of its left operand never multiplies a weight whose
    /// input is 0.
    func nonFiniteWeights() -> [(name: String, count: Int)] {
        slots.compactMap { slot in
            let found = countNonFinite(copies + slot.offset * elementType.size, count: slot.count, elementType.kernelType)
            return found > 0 ? (slot.name, found) : nil
        }
    }

    /// Throws where there are such weights, with a message made of the parameter and how many.
    package func requireFinite(_ message: (String) -> String) throws {
        guard let bad = nonFiniteWeights().first else { return }
        let place = elementType == elementType.computing ? "" : " in \(elementType.rawValue)"
        throw RectifierError(.divergence, message(describeNonFinite(bad.name, bad.count) + place))
    }
}

/// `2 numbers of dense1.weights are not finite`
package func describeNonFinite(_ name: String, _ count: Int) -> String {
    count == 1 ? "1 number of \(name) is not finite" : "\(count) numbers of \(name) are not finite"
}

/// How many of some numbers are infinite or NaN.
package func countNonFinite(_ values: UnsafeRawPointer?, count: Int, _ type: rk_type) -> Int {
    guard count > 0, let kernels = rk_table(type) else { return 0 }
    return Int(kernels.pointee.count_nonfinite(values, Int64(count)))
}
