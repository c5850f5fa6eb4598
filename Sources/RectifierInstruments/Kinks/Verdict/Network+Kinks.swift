extension Network {
    /// The verdict on one batch's gradient, with what was found at the kinks.
    ///
    /// - Parameters:
    ///   - loss: Its mean over the samples is what is differentiated.
    ///   - features: Sample after sample, in row-major order.
    ///   - targets: What the loss compares each output with, sample after sample: for classes a 1 in the right place.
    ///   - precision: The type that pre-activations are computed in; they are rounded to other numbers in others.
    /// - Returns: A report of one step.
    /// Throws where counts do not fit the network, or a value at a kink is no subgradient and does not say so.
    public func kinkReport(
        loss: Loss, parameters: Parameters, features: [Double], targets: [Double], precision: ElementType = .float32
    ) throws -> KinkReport {
        let width = inputShape.reduce(1, *), outputs = outputShape.reduce(1, *), count = features.count / width
        guard count > 0, features.count == count * width, targets.count == count * outputs else {
            throw RectifierError(
                .shape, "\(features.count) features and \(targets.count) targets are not whole samples of \(width) and \(outputs) numbers")
        }
        let network = try built(isTraining: false)
        let losses = try loss(network.output, .input(Network.targetName, shape: network.output.shape))
        let memory = try ParameterMemory(parameters: network.parameters, elementType: precision)
        try memory.write(parameters, to: memory.weights)
        func compile(_ outputs: [Formula]) throws -> Program {
            let program = try Program(outputs, batchSize: count, parameters: memory)
            for (name, values) in [(Network.inputName, features), (Network.targetName, targets)] where program.hasInput(name) {
                try program.setInput(name, to: values)
            }
            return program
        }
        let sites = network.kinkSites(below: [losses], dependingOn: network.trained)
        let certificate = GradientCertificate(losses: losses, parameters: network.trained, sites: sites)
        let (findings, verdict) = try KinkExaminer(certificate).examine(batchSize: count, compile: compile)
        var report = KinkReport()
        report.add(verdict)
        report.kinks = findings.map { finding in
            KinkReport.Kink(
                layer: finding.site.layer, name: finding.site.name, touched: finding.touched, examined: finding.touched,
                structural: finding.structural)
        }
        if findings.contains(where: { $0.touched > 0 }) {
            report.sensitivity = try Sensitivity(losses: losses, network.trained).measured(batchSize: count, compile: compile)
        }
        return report
    }
}
