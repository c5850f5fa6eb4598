import Rectifier

/// The formulas of a network that share their units: what a product gives, what is made of it unit by unit, and what
/// products read of that. To take a unit out of the network is to take it out of all of them at once.
struct UnitFamily {
    let units: Int
    /// By id.
    private(set) var members = Set<Int>()
    /// The weights that give it, of which a unit is a column.
    private(set) var columns = Set<String>()
    /// Biases and other parameters with one number for each unit.
    private(set) var numbers = Set<String>()
    /// What is made of them, number by number, by id.
    private var madeOfNumbers = Set<Int>()
    /// The weights that read it, of which a unit is a row.
    private(set) var rows = Set<String>()
    /// What those weights are multiplied with.
    private(set) var readers: [Formula] = []
    /// Why no unit can be taken out; `nil` where it can, if it is 0 wherever it is read.
    private(set) var obstacle: String?

    /// The family of a formula of shape `[batch, units]`.
    /// - Parameter dense: The layers whose units can be changed, by name.
    init(of formula: Formula, in graph: NetworkGraph, dense: [String: Int]) {
        units = formula.shape.extents.last ?? 1
        guard formula.shape.rank == 2, formula.shape[0] == Shape.batch else {
            obstacle = "its shape is \(formula.shape)"
            return
        }
        var pending = [formula]
        while let member = pending.popLast() {
            guard members.insert(member.id).inserted else { continue }
            pending += origins(of: member) + followers(of: member, in: graph)
        }
        // Weights that others use too would change for them.
        for parameter in graph.parameters {
            let name = parameter.parameter!.name, users = graph.users(of: parameter)
            func all(_ isMine: (Formula) -> Bool) { if !users.allSatisfy(isMine) { obstruct("\(name) is used elsewhere too") } }
            if columns.contains(name) { all { $0.factors?.b == parameter && members.contains($0.id) } }
            if rows.contains(name) { all { $0.factors.map { $0.b == parameter && members.contains($0.a.id) } ?? false } }
            if numbers.contains(name) { all { $0.factors == nil && (members.contains($0.id) || madeOfNumbers.contains($0.id)) } }
        }
        for name in columns where dense[layer(of: name)] != units { obstruct("\(layer(of: name)) is code") }
        for name in rows where dense[layer(of: name)] == nil { obstruct("\(layer(of: name)) is code") }
    }

    private func layer(of parameter: String) -> String { parameter.split(separator: ".").dropLast().joined(separator: ".") }

    private mutating func obstruct(_ reason: String) { obstacle = obstacle ?? reason }

    /// Whether it has a number for each unit that is the same for every sample.
    private func isForEachUnit(_ formula: Formula) -> Bool {
        !formula.shape.hasBatch && formula.shape.extents.last == units && formula.shape.count(batchSize: 1) == units
    }

    /// The members that a member is made of.
    private mutating func origins(of member: Formula) -> [Formula] {
        if let (_, weights) = member.factors {
            if let weights = weights.parameter { columns.insert(weights.name) } else { obstruct("it comes of a product without weights") }
            return []
        }
        guard member.operation is any Elementwise else {
            obstruct(member.inputName == nil ? "it comes of \(member.operation.name)" : "it is the input")
            return []
        }
        var origins: [Formula] = []
        for operand in member.operands {
            if operand.shape == member.shape {
                origins.append(operand)
            } else if isForEachUnit(operand) {
                addNumbers(operand)
            } else if operand.shape.extents.last ?? 1 != 1 {
                obstruct("it is made of \(operand.operation.name)")
            }
        }
        return origins
    }

    /// Parameters with one number for each unit, and what is made of them number by number, such as a deviation of a
    /// running variance.
    private mutating func addNumbers(_ formula: Formula) {
        if let parameter = formula.parameter {
            numbers.insert(parameter.name)
        } else if formula.operation is any Elementwise,
            formula.operands.allSatisfy({ isForEachUnit($0) || $0.shape.count(batchSize: 1) == 1 && $0.constantValue != nil })
        {
            madeOfNumbers.insert(formula.id)
            for operand in formula.operands where operand.constantValue == nil { addNumbers(operand) }
        } else {
            obstruct("it is made of \(formula.operation.name)")
        }
    }

    /// The members that are made of a member.
    private mutating func followers(of member: Formula, in graph: NetworkGraph) -> [Formula] {
        if member == graph.output { obstruct("it is the network's output") }
        var followers: [Formula] = []
        for user in graph.users(of: member) {
            if user.operation is any Elementwise, user.shape == member.shape {
                followers.append(user)
            } else if let (a, b) = user.factors, a == member, let weights = b.parameter {
                rows.insert(weights.name)
                if !readers.contains(member) { readers.append(member) }
            } else {
                obstruct("\(user.operation.name) reads it")
            }
        }
        return followers
    }
}

/// The formulas of a network and who reads them.
struct NetworkGraph {
    let output: Formula
    let parameters: [Formula]
    private var readers: [Int: [Formula]] = [:]

    init(_ built: Network.Built) {
        (output, parameters) = (built.output, built.parameters)
        for formula in topologicalOrder(of: [built.output]) {
            for operand in formula.operands { readers[operand.id, default: []].append(formula) }
        }
    }

    func users(of formula: Formula) -> [Formula] { readers[formula.id] ?? [] }
}
