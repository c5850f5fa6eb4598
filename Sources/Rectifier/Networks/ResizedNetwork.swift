extension Network {
    /// The units of each ``Dense`` layer that is not inside a layer of code, by name: `dense1`, `residual1.dense2`.
    package var denseUnits: [String: Int] {
        var units: [String: Int] = [:]
        _ = Network.mapDense(layers, path: "") { name, dense in
            units[name] = dense.units
            return dense
        }
        return units
    }

    /// The same network with other numbers of units in some ``Dense`` layers.
    ///
    /// - Parameter units: By name. Layers that are not named stay.
    /// - Throws: ``RectifierError/Kind/shape`` where layers then no longer fit one another.
    package func resized(_ units: [String: Int]) throws -> Network {
        let layers = Network.mapDense(layers, path: "") { name, dense in
            var dense = dense
            dense.units = units[name] ?? dense.units
            return dense
        }
        return try Network(input: inputShape, layers: layers)
    }

    /// - Parameter change: Given each dense layer with the name that ``NetworkBuild`` gives it.
    private static func mapDense(_ layers: [any Layer], path: String, _ change: (String, Dense) -> Dense) -> [any Layer] {
        var counts: [String: Int] = [:]
        return mapDense(layers, path: path, &counts, change)
    }

    private static func mapDense(
        _ layers: [any Layer], path: String, _ counts: inout [String: Int], _ change: (String, Dense) -> Dense
    ) -> [any Layer] {
        layers.map { layer in
            counts[layer.name, default: 0] += 1
            let name = path + layer.name + String(counts[layer.name]!)
            if let dense = layer as? Dense { return change(name, dense) }
            guard let outer = layer as? any LayerOfLayers else { return layer }
            // All branches of a layer are counted together.
            var inner: [String: Int] = [:]
            let branches = outer.branches.map { mapDense($0, path: name + ".", &inner, change) }
            // As many branches as before, which is what the layer has shown it can have.
            return try! type(of: outer).init(branches: branches)
        }
    }
}
