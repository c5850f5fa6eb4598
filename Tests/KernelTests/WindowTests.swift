import CRectifierKernels
import TestSupport
import Testing

enum WindowKernel { case pick, spread, fold }

/// Windows anywhere over a few pixels, whose numbers are often equal.
@Sendable func makeWindows(_ t: Trial, _ kernel: WindowKernel) {
    let samples = size(&t.random, upTo: 9), channels = max(1, size(&t.random, upTo: 70))
    let pixels = t.random.integer(in: 1...12), outputs = t.random.integer(in: 1...7), taps = t.random.integer(in: 1...9)
    var places = (0..<outputs * taps).map { _ in Int32(t.random.integer(in: -2...pixels - 1)) }
    for output in 0..<outputs {
        // A window has a pixel, and each pixel once.
        let all = output * taps..<(output + 1) * taps
        places[output * taps + t.random.integer(in: 0...taps - 1)] = Int32(t.random.integer(in: 0...pixels - 1))
        var seen = Set<Int32>()
        for index in all where places[index] < 0 || !seen.insert(places[index]).inserted { places[index] = -1 }
    }
    let levels: [Double] = t.random.chance(0.5) ? [-1, 0, -0.0, 0.5, 1] : [0, 0.25, .nan, .infinity, -.infinity]
    let x = t.input((0..<samples * pixels * channels).map { _ in t.random.chance(0.5) ? t.random.pick(levels) : t.random.uniform() })
    let isOfOne = kernel == .pick && t.random.chance(0.5)
    let ins = kernel == .spread ? outputs : pixels, outs = kernel == .spread ? pixels : outputs
    let values = isOfOne ? x : t.input(samples * ins * channels)
    let tolerance: Tolerance = kernel == .fold ? .near(relative: 0, absolute: 20 * t.type.computing.roundoff) : .exact
    let out = t.output(samples * outs * channels, tolerance)

    var isSeen = [Bool](repeating: false, count: pixels)
    let opens = places.map { place in
        guard place >= 0 else { return false }
        defer { isSeen[Int(place)] = true }
        return !isSeen[Int(place)]
    }
    let unseen = (0..<pixels).filter { !isSeen[$0] }.map(Int32.init)
    let scales = (0..<max(pixels, outputs)).map { _ in t.random.pick([1, 0.5, 1.0 / 3]) }
    var windows = rk_windows()
    windows.x = UnsafeRawPointer(x.base)
    windows.in = UnsafeRawPointer(values.base)
    windows.out = out.base
    windows.places = UnsafePointer(t.pointer(to: places))
    (windows.samples, windows.pixels, windows.outputs) = (Int64(samples), Int64(pixels), Int64(outputs))
    (windows.taps, windows.channels) = (Int64(taps), Int64(channels))
    windows.ties = t.random.pick([RK_TIES_FIRST, RK_TIES_LAST, RK_TIES_SPLIT])
    windows.opens = UnsafePointer(t.pointer(to: opens))
    windows.unseen = UnsafePointer(t.pointer(to: unseen))
    windows.unseen_count = Int64(unseen.count)
    windows.scales = UnsafePointer(t.pointer(to: scales))
    windows.scales_in = t.random.chance(0.5)
    if kernel == .pick, t.random.chance(0.5) {
        // The counts of all parts are compared as an output.
        let count = max(1, taps - 1), counted = t.output(count, as: RK_FLOAT64, .exact)
        let counters = t.pointer(to: [Int64](repeating: 0, count: count))
        windows.counters = counters
        windows.counts_zeros = t.random.chance(0.5)
        t.prepare = { _, _, _ in for tap in 0..<count { counters[tap] = 0 } }
        t.finish = { _ in
            let numbers = counted.base.assumingMemoryBound(to: Double.self)
            for tap in 0..<count { numbers[tap] = Double(counters[tap]) + 0.5 }
        }
    }
    t.call.windows = windows
    t.description = "\(samples)×\(pixels)×\(channels), \(outputs) windows of \(taps), ties \(windows.ties.rawValue): \(places)"
}
