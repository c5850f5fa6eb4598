/// The version of this library and tool.
public let rectifierVersion = "0.1.0"
