import CRectifierKernels
import Foundation
import Rectifier

/// The machine as Rectifier sees it.
struct Machine {
    var processor: String
    /// Those that are no hyperthreads of another.
    var cores: Int
    /// Slowest first.
    let instructionSets = availableInstructionSets
    /// What kernels are chosen for.
    let selected = rk_isa_selected()
    var selectedName: String { String(cString: rk_isa_name(selected)) }

    /// Throws where RECTIFIER_ISA, RECTIFIER_ZEROS or RECTIFIER_TRACE names what there is not.
    init() throws {
        _ = try selectedKernels(.float32)
        processor = processorName
        cores = Int(rk_physical_cores())
    }

    /// Bytes of the largest cache, the one before memory; nil where the system does not say.
    var lastCacheBytes: Int? {
        #if canImport(Darwin)
        let sizes = ["hw.l3cachesize", "hw.perflevel0.l2cachesize", "hw.l2cachesize"].compactMap { name -> Int? in
            var bytes: Int64 = 0
            var size = MemoryLayout<Int64>.size
            return sysctlbyname(name, &bytes, &size, nil, 0) == 0 && bytes > 0 ? Int(bytes) : nil
        }
        return sizes.max()
        #else
        // `32768K`, one file for each cache of the first processor.
        let sizes = (0..<8).compactMap { index -> Int? in
            let text = try? String(contentsOfFile: "/sys/devices/system/cpu/cpu0/cache/index\(index)/size", encoding: .utf8)
            guard let number = text?.prefix(while: \.isNumber), let size = Int(number) else { return nil }
            return size << (text?.contains("M") == true ? 20 : 10)
        }
        return sizes.max()
        #endif
    }
}

/// The processor's name as the system has it.
private var processorName: String {
    #if canImport(Darwin)
    var name = [CChar](repeating: 0, count: 256)
    var size = name.count
    guard sysctlbyname("machdep.cpu.brand_string", &name, &size, nil, 0) == 0 else { return "unknown" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    #else
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":", maxSplits: 1).last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
    #endif
}
