/// What is done to images while they are trained on, anew in each epoch, so that a network sees more than there are.
/// Held-out data stay as they are.
///
/// What happens to a sample is drawn by the seed, the epoch and the sample's number, and by nothing else: it is the
/// same for any number of threads, and in a run that was interrupted.
public struct Augmentation: Sendable, Codable, Hashable {
    /// Mirrors half of the images, drawn by chance, left to right.
    public var flip: Bool
    /// Moves each image by up to so many pixels down, up, right or left, every place as likely: a part of its size, cut
    /// out of the image with so many pixels on each side. These are 0 as a network is fed them: black, or the channel's
    /// mean where images are normalized. Below both the height and the width.
    public var shift: Int

    public init(flip: Bool = false, shift: Int = 0) { (self.flip, self.shift) = (flip, shift) }

    /// Whether it does anything.
    var isEmpty: Bool { !flip && shift == 0 }

    /// Throws where samples of a shape are no images, or too small.
    func check(_ shape: [Int]) throws {
        guard !isEmpty else { return }
        guard 2...3 ~= shape.count else {
            throw RectifierError(
                .setting, "flip and shift are for images, height × width or with channels behind; the samples are \(describe(shape))",
                setting: "training.augmentation")
        }
        guard shift < min(shape[0], shape[1]) else {
            throw RectifierError(
                .setting, "a shift by \(shift) pixels leaves nothing of images of \(shape[0]) × \(shape[1]); take less",
                setting: "training.augmentation")
        }
    }

    /// What is done to one sample.
    struct Change: Equatable {
        var isFlipped: Bool
        /// How far what is seen begins below and right of the image's own corner.
        var down: Int
        var right: Int
    }

    func change(of sample: Int, _ stream: RandomStream) -> Change {
        Change(
            isFlipped: flip && stream[3 * sample] >> 63 == 1,
            down: shift == 0 ? 0 : stream.integer(3 * sample + 1, below: 2 * shift + 1) - shift,
            right: shift == 0 ? 0 : stream.integer(3 * sample + 2, below: 2 * shift + 1) - shift)
    }
}
