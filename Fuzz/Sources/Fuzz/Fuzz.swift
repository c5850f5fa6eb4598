import RectifierCore

@testable import Rectifier

/// libFuzzer's entry.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count >= 2 else { return 0 }
    let input = [UInt8](UnsafeBufferPointer(start: start + 2, count: count - 2))
    let reader = onlyReader ?? start[0]
    do {
        try read(reader, options: start[1], input)
    } catch let error as RectifierError {
        precondition(error.description.split(whereSeparator: \.isNewline).count == 1, "an error of several lines: \(error.description)")
    } catch {
        // Only Foundation's JSON decoder throws its own.
        precondition(reader % readerCount == 6 && (error is DecodingError || error is JSONText.Flaw), "an error of another kind: \(error)")
    }
    return 0
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ argumentCount: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ testOneInput: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// What SwiftPM takes for the program's `main`, in place of libFuzzer's.
@_cdecl("Fuzz_main")
public func main(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    var (count, arguments) = (count, arguments)
    return runFuzzer(&count, &arguments) { testOneInput($0, $1) }
}
