extension Report {
    /// A picture of numbers, whatever it is drawn with.
    public struct Chart: Sendable {
        /// What programs call it.
        public var name: String
        public var title: String
        /// How to read it, and what there is to see.
        public var caption: String
        public var content: Content

        public enum Content: Sendable {
            case plot(Plot)
            case bars(Bars)
            case strips(Strips)
            case pictures(Pictures)
        }

        public init(_ name: String, title: String, caption: String = "", _ content: Content) {
            (self.name, self.title, self.caption, self.content) = (name, title, caption, content)
        }

        /// Lines, points and bands over numbers or categories.
        public struct Plot: Sendable {
            public var x: Axis
            public var y: Axis
            public var series: [Series]

            public init(x: Axis, y: Axis, series: [Series]) { (self.x, self.y, self.series) = (x, y, series) }
        }

        /// A row for each category, with the value beside each bar or point. Bars start at 0, so on a logarithmic scale
        /// there are points.
        public struct Bars: Sendable {
            public var categories: [String]
            public var values: Axis
            /// The x of a point is its category's number.
            public var series: [Series]

            public init(categories: [String], values: Axis, series: [Series]) {
                (self.categories, self.values, self.series) = (categories, values, series)
            }
        }

        /// Rows of shades: a unit over epochs, a layer over depth.
        public struct Strips: Sendable {
            public var rows: [String]
            public var x: Axis
            /// What a shade stands for.
            public var shades: Axis
            /// What a value of exactly 0 is called, which has a colour of its own; `nil`: it is a shade like others.
            public var zero: String?
            /// By row and column; NaN where there is none. Rows are of one length.
            public var values: [[Double]]

            public init(rows: [String], x: Axis, shades: Axis, zero: String? = nil, values: [[Double]]) {
                (self.rows, self.x, self.shades, self.zero, self.values) = (rows, x, shades, zero, values)
            }
        }

        public struct Axis: Sendable {
            public enum Scale: Sendable, Hashable {
                case linear
                /// Powers of ten. What is not above 0 has no place on it.
                case logarithmic
                /// Points lie at 0, 1, 2, ….
                case categories([String])
            }

            public enum Unit: Sendable, Hashable {
                case number
                /// Whole numbers, such as epochs: no tick lies between two.
                case whole
                /// A share of 1, written in percent.
                case share
            }

            public var label: String
            public var scale: Scale
            public var unit: Unit
            /// Nil: around the values.
            public var range: ClosedRange<Double>?

            public init(_ label: String, scale: Scale = .linear, unit: Unit = .number, range: ClosedRange<Double>? = nil) {
                (self.label, self.scale, self.unit, self.range) = (label, scale, unit, range)
            }

            /// One place for each category.
            public static func categories(_ label: String, _ names: [String]) -> Axis { Axis(label, scale: .categories(names)) }
        }

        public struct Series: Sendable {
            public enum Mark: String, Sendable {
                /// From point to point; with intervals, in a band.
                case line
                /// The same with a marker at each point.
                case markedLine
                case points
                case hollowPoints
                case crosses
                /// In ``Bars`` with a linear scale.
                case bars

                var isLine: Bool { self == .line || self == .markedLine }
            }

            public var name: String
            /// Series of one group share a colour, a marker and a dash; nil: a group of its own.
            public var group: Group?
            public var mark: Mark
            public var points: [Point]

            public init(_ name: String, group: Group? = nil, _ mark: Mark, _ points: [Point]) {
                (self.name, self.group, self.mark, self.points) = (name, group, mark, points)
            }
        }

        public struct Group: Sendable, Hashable {
            public var name: String
            /// Which colour, marker and dash, from 0; the same number looks the same in all charts.
            public var look: Int

            public init(_ name: String, look: Int) { (self.name, self.look) = (name, look) }
        }

        public struct Point: Sendable, Hashable {
            public var x: Double
            public var y: Double
            /// Where y may lie.
            public var interval: ClosedRange<Double>?

            public init(_ x: Double, _ y: Double, interval: ClosedRange<Double>? = nil) {
                (self.x, self.y, self.interval) = (x, y, interval)
            }
        }
    }
}
