extension Report.Chart {
    /// Small pictures beside and below one another: the filters of a layer, what its channels give.
    public struct Pictures: Sendable {
        public var pictures: [Picture]
        public var colors: Colors
        /// What a value is: the name of the scale.
        public var values: String

        public init(_ pictures: [Picture], colors: Colors, values: String) {
            (self.pictures, self.colors, self.values) = (pictures, colors, values)
        }

        /// Rows of pixels.
        public struct Picture: Sendable, Hashable {
            public var name: String
            public var rows: Int
            public var columns: Int
            /// Row by row; of ``Colors/rgb(_:)`` three for each pixel, else one.
            public var values: [Double]

            /// - Precondition: There are as many values as pixels, or three times as many.
            public init(_ name: String, rows: Int, columns: Int, values: [Double]) {
                precondition(rows > 0 && columns > 0 && [rows * columns, 3 * rows * columns].contains(values.count))
                (self.name, self.rows, self.columns, self.values) = (name, rows, columns, values)
            }
        }

        /// What a value looks like. What lies outside a range looks as its end does; what is not finite is left blank.
        public enum Colors: Sendable, Hashable {
            /// Red, green and blue, each dark at the range's lower end.
            case rgb(ClosedRange<Double>)
            /// Grey, black at the range's lower end.
            case grey(ClosedRange<Double>)
            /// One colour below 0, another above it, the fuller the farther from 0, up to so far.
            case diverging(Double)
            /// The fuller the larger, up to so large. A value of exactly 0 has a colour of its own, and is called so.
            case shades(Double, zero: String)
        }
    }
}
