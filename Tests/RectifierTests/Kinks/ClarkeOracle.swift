/// A ReLU network with whole numbers for weights and inputs, whose Clarke subdifferential is found by brute force,
/// without rounding.
///
/// One or two hidden layers, one output without a bias; the loss is Σ cᵢ yᵢ over the samples. Weights after the first
/// layer are not 0, so that what happens around a point is decided at first order: a pre-activation that is 0 there and
/// stays 0 along a direction stays 0 in a whole cell.
struct ClarkeOracle {
    /// By layer [unit][input], the output's row last.
    var weights: [[[Int]]]
    /// By hidden layer; nil without.
    var biases: [[Int]?]
    var inputs: [[Int]]
    var factors: [Int]

    private var hidden: Int { biases.count }

    /// Pre-activations of each sample by layer, at the point.
    private var preActivations: [[[Int]]] {
        inputs.map { input in
            var x = input
            return (0..<hidden).map { layer in
                let z = weights[layer].indices.map { unit in dot(weights[layer][unit], x) + (biases[layer]?[unit] ?? 0) }
                x = z.map { max($0, 0) }
                return z
            }
        }
    }

    private func dot(_ a: [Int], _ b: [Int]) -> Int { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

    /// The place of a number among all parameters: layer by layer the weights unit by unit, then the bias.
    private func offset(_ layer: Int) -> Int {
        (0..<layer).reduce(0) { $0 + weights[$1].count * weights[$1][0].count + ($1 < hidden && biases[$1] != nil ? weights[$1].count : 0) }
    }
    var count: Int { offset(hidden) + weights[hidden][0].count }

    /// The gradient where the gates are as given, by sample, layer and unit: plain backpropagation.
    private func gradient(gates: [[[Int]]]) -> [Int] {
        var result = [Int](repeating: 0, count: count)
        let all = preActivations
        for (sample, input) in inputs.enumerated() {
            let values = [input] + all[sample].map { $0.map { max($0, 0) } }
            var upstream = [factors[sample]]
            for layer in (0...hidden).reversed() {
                if layer < hidden { upstream = zip(upstream, gates[sample][layer]).map { $0 * $1 } }
                let width = weights[layer][0].count, start = offset(layer)
                for unit in weights[layer].indices {
                    for k in 0..<width { result[start + unit * width + k] += upstream[unit] * values[layer][k] }
                    if layer < hidden, biases[layer] != nil { result[start + weights[layer].count * width + unit] += upstream[unit] }
                }
                upstream = (0..<width).map { k in weights[layer].indices.reduce(0) { $0 + upstream[$1] * weights[layer][$1][k] } }
            }
        }
        return result
    }

    /// The gradients of all cells that meet at the point: the vertices of the Clarke subdifferential, and maybe more of
    /// its points.
    ///
    /// - Parameter direction: Looks at the one cell in this direction, if given, and at all cells otherwise. Directions
    ///   in which a margin vanishes that could move are none.
    func cellGradients(direction: [Int]? = nil) -> [[Int]] {
        let all = preActivations
        var found = Set<[Int]>()
        // Gates and first derivatives of the activations by sample, decided so far; derivatives are functionals of the
        // direction.
        func decide(_ layer: Int, _ gates: [[[Int]]], _ derivatives: [[[Int]]], _ signs: [[Int]]) {
            guard layer < hidden else {
                found.insert(gradient(gates: gates))
                return
            }
            let width = weights[layer][0].count, start = offset(layer), units = weights[layer].count
            // The first derivative of every pre-activation of the layer.
            var functionals: [[[Int]]] = []
            for sample in inputs.indices {
                let x = layer == 0 ? inputs[sample] : all[sample][layer - 1].map { max($0, 0) }
                functionals.append(
                    (0..<units).map { unit in
                        var f = [Int](repeating: 0, count: count)
                        for k in 0..<width {
                            f[start + unit * width + k] += x[k]
                            if layer > 0 { for p in f.indices { f[p] += weights[layer][unit][k] * derivatives[sample][k][p] } }
                        }
                        if biases[layer] != nil { f[start + units * width + unit] += 1 }
                        return f
                    })
            }
            // Sample by sample, unit by unit: what is on its own side stays there, what is at the kink goes to each
            // side that some direction leads to.
            func place(_ sample: Int, _ row: [Int], _ rows: [[Int]], _ slopes: [[Int]], _ allSlopes: [[[Int]]], _ signs: [[Int]]) {
                let unit = row.count
                if unit == units {
                    let rows = rows + [row], allSlopes = allSlopes + [slopes]
                    if sample + 1 < inputs.count {
                        place(sample + 1, [], rows, [], allSlopes, signs)
                    } else {
                        decide(layer + 1, zip(gates, rows).map { $0 + [$1] }, allSlopes, signs)
                    }
                    return
                }
                let z = all[sample][layer][unit], f = functionals[sample][unit], none = [Int](repeating: 0, count: count)
                func take(_ gate: Int, _ signs: [[Int]]) {
                    place(sample, row + [gate], rows, slopes + [gate == 1 ? f : none], allSlopes, signs)
                }
                if z != 0 {
                    take(z > 0 ? 1 : 0, signs)
                } else if f == none {
                    take(0, signs)
                } else if let direction {
                    let value = dot(f, direction)
                    if value != 0 { take(value > 0 ? 1 : 0, signs) }
                } else {
                    for gate in [0, 1] {
                        let more = signs + [gate == 1 ? f : f.map { -$0 }]
                        if hasCommonDirection(more) { take(gate, more) }
                    }
                }
            }
            place(0, [], [], [], [], signs)
        }
        decide(0, inputs.map { _ in [] }, inputs.map { _ in [] }, [])
        return Array(found)
    }
}
