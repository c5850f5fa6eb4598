import CRectifierKernels

import class Foundation.ProcessInfo

/// The kernels that programs of an element type use. Throws where RECTIFIER_ISA, RECTIFIER_ZEROS or RECTIFIER_TRACE
/// names what there is not.
package func selectedKernels(_ type: ElementType) throws -> rk_kernels {
    guard let table = rk_table(type.kernelType) else {
        let wanted = ProcessInfo.processInfo.environment["RECTIFIER_ISA"] ?? ""
        let names = availableInstructionSets.joined(separator: ", ")
        throw RectifierError(.setting, "RECTIFIER_ISA: this machine has no instruction set '\(oneLine(wanted))'; it has \(names)")
    }
    guard rk_zeros_selected() != RK_ZEROS_COUNT else {
        throw RectifierError(.setting, "RECTIFIER_ZEROS is none of density, multiply, skip")
    }
    guard !rk_trace_is_unknown() else { throw RectifierError(.setting, "RECTIFIER_TRACE can only be routes") }
    return table.pointee
}

/// Slowest first.
package var availableInstructionSets: [String] {
    (0..<RK_ISA_COUNT.rawValue).map { rk_isa($0) }.filter { rk_isa_available($0) }.map { String(cString: rk_isa_name($0)) }
}
