/// What goes wrong outside the program: data, files, flags and numbers. Its text is one line that names the place and
/// says what to do.
public struct RectifierError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of mistake it is, for programs; people read ``description``.
    public enum Kind: String, Sendable {
        /// A file or folder is missing, unreadable, damaged or of another kind.
        case file
        /// The content of a data set cannot be used.
        case data
        /// A setting is out of its range or contradicts another.
        case setting
        /// Shapes do not fit one another.
        case shape
        /// Numbers left the finite range.
        case divergence
        /// A file could not be written.
        case output
    }

    public var kind: Kind
    public var description: String
    /// The setting to change, by its key in a recipe: `data.missing`. What shows the error may add how the setting is
    /// spelled there, as the command line does with its flag. `nil` where none is meant.
    public var setting: String?

    /// Control characters, which may come from a file, become spaces.
    public init(_ kind: Kind, _ description: String, setting: String? = nil) {
        self.kind = kind
        self.description = printable(description)
        self.setting = setting
    }

    /// The same error with where it happened before it: `loss: …`.
    package func prefixed(by place: String) -> RectifierError {
        RectifierError(kind, "\(place): \(description)", setting: setting)
    }
}
