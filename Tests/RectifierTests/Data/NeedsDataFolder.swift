import TestSupport
import Testing

extension Trait where Self == ConditionTrait {
    /// Skips what needs real data where there is none.
    static var needsDataFolder: Self { .enabled(if: dataFolder != nil, "set RECTIFIER_DATA to the folder of data sets") }
}
