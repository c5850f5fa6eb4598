import Foundation

/// The folder that a run saves to, held from the run's beginning to its end.
struct RunOutput {
    let url: URL
    private let place: OutputPlace
    /// Whether a model is there that the run replaces only by an epoch it has finished.
    private let keepsOld: Bool

    /// - Throws: ``RectifierError/Kind/output`` where the run could not save, another run saves there, or what is there
    ///   may not be replaced.
    init(_ url: URL, of trainer: Trainer) throws {
        guard trainer.plan.network.isDescribable else {
            throw RectifierError(
                .output, "\(url.relativePath): a network with layers that are code cannot be written; train it without an output")
        }
        self.url = url
        place = try OutputPlace(url, patience: .run)
        try place.require(ModelFile.mark, owned: ModelFile.all)
        guard trainer.checkpoint == nil, let old = try? OpenFolder(url), old.contains(ModelFile.model),
            case let position = Checkpoint.Position(savedIn: old), position?.steps != 0, position?.stopReason != .diverged
        else {
            keepsOld = false
            return
        }
        keepsOld = true
        guard trainer.replacesOtherRuns || old.recipe?.isSameRun(as: trainer.plan.recipe) == true else {
            throw RectifierError(
                .output,
                "\(url.relativePath): holds the model of another recipe; choose another output, or overwrite it", setting: "overwrite")
        }
    }

    /// Saves, unless that would replace a model that was there before by one that has not finished an epoch.
    ///
    /// - Returns: The checksum of the weights; `nil` where nothing was saved.
    func save(_ checkpoint: @autoclosure () throws -> Checkpoint, at position: Checkpoint.Position) throws -> String? {
        if keepsOld, position.epochsDone == 0 { return nil }
        return try checkpoint().write(to: place)
    }
}

extension Trainer {
    /// Throws where no run could save: ``RectifierError/Kind/output``.
    package static func checkOutput(_ url: URL) throws {
        try OutputPlace(url, patience: .run).require(ModelFile.mark, owned: ModelFile.all)
    }
}

extension OpenFolder {
    /// The recipe of the model; `nil` where it has none that can be read: one of a newer version, or with layers that
    /// are not registered, is another one.
    fileprivate var recipe: Recipe? {
        struct Saved: Decodable { var recipe: Recipe? }
        return (try? bytes(of: ModelFile.model)).flatMap { JSONText.value(Saved.self, in: $0)?.recipe }
    }
}

extension Checkpoint.Position {
    /// How far the run of a saved model was, for those who do not go on with it; `nil` where there is no checkpoint, or
    /// a damaged one.
    init?(savedIn folder: OpenFolder) {
        struct Saved: Decodable { var position: Checkpoint.Position }
        guard let json = try? folder.bytes(of: ModelFile.checkpoint), let saved = JSONText.value(Saved.self, in: json) else { return nil }
        self = saved.position
    }
}

extension Recipe {
    /// Whether it trains the same weights: threads, and what looks on, do not change them.
    fileprivate func isSameRun(as other: Recipe) -> Bool {
        var same = self
        (same.training.threads, same.training.census, same.training.health) =
            (other.training.threads, other.training.census, other.training.health)
        return same == other
    }
}
