@testable import Rectifier
@testable import RectifierCore

/// The Hessian of a mean loss by differences of its gradient, number by number: what eigenvalues are held against.
struct DenseHessian {
    var rows: [[Double]]

    /// Differences of fourth order, so that a step that rounding does not show in is short enough.
    init(_ network: Network, _ loss: Loss, _ parameters: Parameters, on data: Dataset) throws {
        let gradients = try LossGradients(network, loss: loss, precision: .float64, threads: 1), step = 1e-4
        let names = parameters.names
        rows = []
        for name in names {
            for i in 0..<parameters[name]!.doubles.count {
                func gradient(_ distance: Double) throws -> [Double] {
                    var moved = parameters
                    var values = parameters[name]!.doubles
                    values[i] += distance * step
                    moved[name] = Tensor(shape: parameters[name]!.shape, values)
                    let derivatives = try gradients(moved, on: data).gradients
                    return names.flatMap { derivatives[$0]!.doubles }
                }
                let (a, b, c, d) = (try gradient(-2), try gradient(-1), try gradient(1), try gradient(2))
                rows.append(a.indices.map { (a[$0] - 8 * b[$0] + 8 * c[$0] - d[$0]) / (12 * step) })
            }
        }
    }

    /// With numbers before and behind it, element by element.
    mutating func scale(_ roots: [Double]) {
        for i in rows.indices { for j in rows.indices { rows[i][j] *= roots[i] * roots[j] } }
    }

    /// In ascending order, by Jacobi's rotations.
    var eigenvalues: [Double] {
        var a = rows
        let n = a.count
        for i in 0..<n { for j in 0..<i { (a[i][j], a[j][i]) = ((a[i][j] + a[j][i]) / 2, (a[i][j] + a[j][i]) / 2) } }
        for _ in 0..<30 {
            for p in 0..<n {
                for q in p + 1..<n where abs(a[p][q]) > 1e-300 {
                    let theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
                    let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
                    let c = 1 / (t * t + 1).squareRoot(), s = t * c
                    for k in 0..<n { (a[k][p], a[k][q]) = (c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]) }
                    for k in 0..<n { (a[p][k], a[q][k]) = (c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]) }
                }
            }
        }
        return (0..<n).map { a[$0][$0] }.sorted()
    }
}
