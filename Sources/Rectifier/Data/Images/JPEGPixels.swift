/// What a frame's components are.
enum JPEGColours {
    case grey
    /// Red, green and blue.
    case plain
    /// Luminance, and how blue and how red.
    case luminance
}

// Coefficients to pixels, by libjpeg's formulas, so that the bytes are the same: its accurate integer transform
// (jidctint.c), its upsampling (jdsample.c) and its colours (jdcolor.c). Sums wrap: no honest file comes near.

extension JPEGFrame {
    func image(colours: JPEGColours) throws -> DecodedImage {
        let planes = components.map { $0.samples().upsampled(height: height, width: width) }
        guard planes.count == 3 else {
            return DecodedImage(name: name, height: height, width: width, channels: 1, pixels: planes[0])
        }
        let count = height * width
        let pixels = [UInt8](unsafeUninitializedCapacity: 3 * count) { space, filled in
            for place in 0..<count {
                let (first, second, third) = (planes[0][place], planes[1][place], planes[2][place])
                if colours == .luminance {
                    let light = Int32(first), blue = Int32(second) - 128, red = Int32(third) - 128
                    space[3 * place] = clamped(light + (91881 * red + 32768) >> 16)
                    space[3 * place + 1] = clamped(light + (-22554 * blue - 46802 * red + 32768) >> 16)
                    space[3 * place + 2] = clamped(light + (116130 * blue + 32768) >> 16)
                } else {
                    (space[3 * place], space[3 * place + 1], space[3 * place + 2]) = (first, second, third)
                }
            }
            filled = 3 * count
        }
        return DecodedImage(name: name, height: height, width: width, channels: 3, pixels: pixels)
    }
}

private func clamped(_ number: Int32) -> UInt8 { UInt8(truncatingIfNeeded: max(0, min(255, number))) }

/// A component's samples, without those that fill up its blocks.
private struct JPEGPlane {
    var height: Int
    var width: Int
    /// Of memory: whole blocks.
    var stride: Int
    /// Samples in as many pixels of either direction as the densest plane has samples for.
    var across: Int
    var down: Int
    var mostAcross: Int
    var mostDown: Int
    var samples: [UInt8]
}

extension JPEGFrame.Component {
    fileprivate func samples() -> JPEGPlane {
        let width = 8 * blocksAcross
        let samples = [UInt8](unsafeUninitializedCapacity: 8 * blocksDown * width) { space, filled in
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: 64) { work in
                quantization!.withUnsafeBufferPointer { quantization in
                    for row in 0..<blocksDown {
                        for column in 0..<blocksAcross {
                            transform(
                                block(row, column), quantization, work, to: space.baseAddress! + (8 * row * width + 8 * column), width)
                        }
                    }
                }
            }
            filled = 8 * blocksDown * width
        }
        return JPEGPlane(
            height: height, width: self.width, stride: width, across: across, down: down, mostAcross: most.across, mostDown: most.down,
            samples: samples)
    }
}

/// The inverse cosine transform of Loeffler, Ligtenberg and Moschytz: down the columns, then along the rows. Fixed
/// point with 13 bits behind the point, and 2 more kept between the two.
private func transform(
    _ block: UnsafeMutablePointer<Int16>, _ quantization: UnsafeBufferPointer<Int32>, _ work: UnsafeMutableBufferPointer<Int32>,
    to samples: UnsafeMutablePointer<UInt8>, _ stride: Int
) {
    for column in 0..<8 {
        func input(_ row: Int) -> Int32 { Int32(block[8 * row + column]) &* quantization[8 * row + column] }
        let sums = butterfly(input(0), input(1), input(2), input(3), input(4), input(5), input(6), input(7))
        for row in 0..<8 { work[8 * row + column] = (sums[row] &+ 1 << 10) >> 11 }
    }
    for row in 0..<8 {
        let line = work.baseAddress! + 8 * row
        let sums = butterfly(line[0], line[1], line[2], line[3], line[4], line[5], line[6], line[7])
        let out = samples + row * stride
        for column in 0..<8 { out[column] = clamped((sums[column] &+ 1 << 17) >> 18 + 128) }
    }
}

@inline(__always)
private func butterfly(
    _ i0: Int32, _ i1: Int32, _ i2: Int32, _ i3: Int32, _ i4: Int32, _ i5: Int32, _ i6: Int32, _ i7: Int32
) -> SIMD8<Int32> {
    // Even places.
    let turned = (i2 &+ i6) &* 4433
    let low = turned &- i6 &* 15137, high = turned &+ i2 &* 6270
    let sum = (i0 &+ i4) << 13, difference = (i0 &- i4) << 13
    let e0 = sum &+ high, e3 = sum &- high, e1 = difference &+ low, e2 = difference &- low
    // Odd places.
    let all = (i7 &+ i3 &+ i5 &+ i1) &* 9633
    let a = (i7 &+ i1) &* -7373, b = (i5 &+ i3) &* -20995
    let c = (i7 &+ i3) &* -16069 &+ all, d = (i5 &+ i1) &* -3196 &+ all
    let o3 = i7 &* 2446 &+ a &+ c, o2 = i5 &* 16819 &+ b &+ d
    let o1 = i3 &* 25172 &+ b &+ c, o0 = i1 &* 12299 &+ a &+ d
    return SIMD8(e0 &+ o0, e1 &+ o1, e2 &+ o2, e3 &+ o3, e3 &- o3, e2 &- o2, e1 &- o1, e0 &- o0)
}

extension JPEGPlane {
    /// A sample for each pixel. Where there is one for two pixels, of the two nearest the nearer counts three quarters;
    /// rows and columns at the edge stand for those beyond it. Other shares repeat samples.
    fileprivate func upsampled(height: Int, width: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: height * width) { space, filled in
            samples.withUnsafeBufferPointer { samples in
                withUnsafeTemporaryAllocation(of: Int32.self, capacity: self.width) { line in
                    for row in 0..<height { write(row, of: samples, by: line, to: space.baseAddress! + row * width, width) }
                }
            }
            filled = height * width
        }
    }

    /// Writes a row of pixels.
    ///
    /// - Parameter line: Space for a row of samples.
    private func write(
        _ row: Int, of samples: UnsafeBufferPointer<UInt8>, by line: UnsafeMutableBufferPointer<Int32>, to out: UnsafeMutablePointer<UInt8>,
        _ width: Int
    ) {
        let halvesAcross = 2 * across == mostAcross && self.width > 2, halvesDown = 2 * down == mostDown
        let isWhole = across == mostAcross
        guard halvesAcross && (halvesDown || down == mostDown) || halvesDown && isWhole else {
            let start = (row * down / mostDown) * stride
            for column in 0..<width { out[column] = samples[start + (isWhole ? column : column * across / mostAcross)] }
            return
        }
        // A row between rows, times 4; or the row itself.
        let near = halvesDown ? row / 2 : row, isLower = row % 2 == 1
        let other = min(max(isLower ? near + 1 : near - 1, 0), self.height - 1)
        for column in 0..<self.width {
            let sample = Int32(samples[near * stride + column])
            line[column] = halvesDown ? 3 * sample + Int32(samples[other * stride + column]) : sample
        }
        guard halvesAcross else {
            for column in 0..<width { out[column] = UInt8((line[column] + (isLower ? 2 : 1)) >> 2) }
            return
        }
        // Rounding up and down in turns, so that nothing becomes brighter.
        let (left, right, shift): (Int32, Int32, Int32) = halvesDown ? (8, 7, 4) : (1, 2, 2)
        for column in 0..<width {
            let place = column / 2
            if column % 2 == 0 {
                out[column] = UInt8((3 * line[place] + line[max(place - 1, 0)] + left) >> shift)
            } else {
                out[column] = UInt8((3 * line[place] + line[min(place + 1, self.width - 1)] + right) >> shift)
            }
        }
    }
}
