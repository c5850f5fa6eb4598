import CRectifierKernels

/// The weights as they were at some moment, to compare with what they become. Reads the memory of programs where it
/// lies.
package final class WeightRecord {
    private let memory: ParameterMemory
    private let kept: UnsafeMutableRawPointer
    private var bytes: Int { memory.count * memory.elementType.computing.size }

    /// - Throws: ``RectifierError`` where there is no memory for it.
    package init(of memory: ParameterMemory) throws {
        self.memory = memory
        kept = try MachineMemory.block(
            memory.count * memory.elementType.computing.size, for: "a copy of the weights", advice: "choose a network of fewer weights")
        take()
    }

    deinit { rk_free(kept) }

    /// Keeps the weights as they are now.
    package func take() { kept.copyMemory(from: memory.weights, byteCount: bytes) }

    /// By trained parameter, what weights and gradients are like now.
    package func moments() -> [(name: String, count: Int, weights: Moments, gradients: Moments)] {
        memory.slots.filter(\.isTrained).map { slot in
            let type = memory.elementType, computing = type.computing
            let weights = Moments(memory.weights + slot.offset * computing.size, count: slot.count, computing)
            var gradients = Moments([])
            if let block = memory.gradients {
                let start = block + slot.offset * type.size
                gradients = type == computing ? Moments(start, count: slot.count, type) : Moments(memory.gradientValues(slot))
            }
            return (slot.name, slot.count, weights, gradients)
        }
    }

    /// By trained parameter, the root mean square of what has changed since.
    package func changes() -> [Double] {
        memory.slots.filter(\.isTrained).map { slot in
            let type = memory.elementType.computing, offset = slot.offset * type.size, count = Int64(slot.count)
            switch type {
            case .float64:
                return rk_distance_float64(
                    (kept + offset).assumingMemoryBound(to: Double.self), (memory.weights + offset).assumingMemoryBound(to: Double.self),
                    count)
            default:
                return rk_distance_float32(
                    (kept + offset).assumingMemoryBound(to: Float.self), (memory.weights + offset).assumingMemoryBound(to: Float.self),
                    count)
            }
        }
    }
}
