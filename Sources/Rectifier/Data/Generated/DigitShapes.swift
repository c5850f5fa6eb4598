/// How people write a digit: one of several ways, each made of strokes.
struct DigitShape: Sendable {
    /// A point that the pen passes, x to the right and y down, in units of the digit's height.
    struct Node: Sendable {
        var x: Double
        var y: Double
        /// Whether the pen turns sharply here; otherwise the stroke is smooth.
        var isCorner: Bool
    }

    /// Between two pen lifts.
    var strokes: [[Node]]
    /// How often this way is seen, beside the others of the same digit.
    var frequency: Double

    /// Strokes are separated by `;` and their points by spaces. A point is `x,y` in hundredths, with `!` behind it
    /// where it is a corner.
    private init(_ frequency: Double, _ text: String) {
        self.frequency = frequency
        strokes = text.split(separator: ";").map { stroke in
            stroke.split(separator: " ").map { point in
                let isCorner = point.last == "!"
                let numbers = (isCorner ? point.dropLast() : point).split(separator: ",").map { Double(Int($0)!) / 100 }
                return Node(x: numbers[0] - 0.5, y: numbers[1] - 0.5, isCorner: isCorner)
            }
        }
    }

    /// The ways to write each digit from 0 to 9.
    static let all: [[DigitShape]] = [
        [  // 0: one closed oval, an overlapping one, a narrow one, one begun at the side, one with a slash
            DigitShape(4, "52,5 28,18 17,50 27,82 50,95 73,82 83,50 74,18 50,5"),
            DigitShape(3, "62,8 36,10 18,38 21,74 45,95 71,84 82,52 74,22 53,6 38,13"),
            DigitShape(2, "58,5 38,22 30,52 35,82 49,95 64,80 71,48 67,18 54,6"),
            DigitShape(2, "22,34 18,62 34,92 62,92 82,62 78,26 56,6 32,14 20,42"),
            DigitShape(1, "52,5 28,18 17,50 27,82 50,95 73,82 83,50 74,18 50,5 ; 76,16 26,86"),
        ],
        [  // 1: a stem, upright or leaning, with a serif, with serif and foot, with a foot
            DigitShape(4, "51,5 50,50 49,95"),
            DigitShape(3, "64,6 50,50 38,95"),
            DigitShape(3, "36,26 46,17 54,5! 53,50 52,95"),
            DigitShape(2, "35,24 45,16 53,5! 52,94 ; 32,94 73,93"),
            DigitShape(1, "52,5 51,94 ; 33,94 70,94"),
        ],
        [  // 2: with a sharp turn, with a loop, with a small loop, like a z
            DigitShape(4, "20,28 32,9 56,5 75,20 73,42 50,66 19,92! 52,90 84,92"),
            DigitShape(3, "22,24 40,6 66,9 75,30 60,58 36,84 20,90 19,76 34,73 56,88 84,90"),
            DigitShape(2, "20,18 44,5 70,12 76,32 58,60 28,88 24,80 40,80 62,90 82,84"),
            DigitShape(2, "22,14 50,6 78,14 70,38 44,66 18,91! 82,89"),
        ],
        [  // 3: with a sharp waist, with a loop there, with a flat top, with a round waist
            DigitShape(4, "20,16 46,5 73,15 71,35 46,47! 75,55 80,78 54,95 18,84"),
            DigitShape(2, "22,14 52,5 75,20 64,40 42,48 46,53 60,50 80,66 71,88 44,95 20,85"),
            DigitShape(2, "22,8! 74,7! 46,40! 72,48 81,72 58,94 20,87"),
            DigitShape(2, "24,10 56,6 72,22 58,42 44,46 66,52 78,74 58,93 22,91"),
        ],
        [  // 4: open, closed in one stroke, open and round, open with a long stem
            DigitShape(4, "32,7 26,32 19,57! 52,57 83,55 ; 66,26 64,60 61,95"),
            DigitShape(3, "64,95 64,50 65,5! 40,36 15,66! 52,66 86,65"),
            DigitShape(3, "24,9 21,38 33,56 68,52 ; 76,9 71,50 66,95"),
            DigitShape(2, "36,5 18,60! 80,60 ; 60,14 58,50 56,95"),
        ],
        [  // 5: in one stroke, with a separate top, round like an s
            DigitShape(3, "76,8! 32,8! 27,44! 54,38 79,55 78,78 52,95 20,86"),
            DigitShape(4, "32,8 28,45! 54,38 80,56 75,84 47,95 18,84 ; 31,8 78,9"),
            DigitShape(2, "78,9 44,8 30,22 36,42 66,54 78,72 60,93 22,88"),
        ],
        [  // 6: round, with a straight back, with a curled top
            DigitShape(4, "68,6 42,22 23,56 27,84 50,95 76,82 73,58 50,49 27,64"),
            DigitShape(3, "62,5 36,40 22,72 38,94 66,91 75,70 56,56 30,70"),
            DigitShape(2, "76,18 60,6 36,20 22,56 30,88 56,95 79,76 66,54 42,54 24,70"),
        ],
        [  // 7: plain, with a bar, curved, with a serif
            DigitShape(4, "18,10 48,9 82,10! 62,50 44,95"),
            DigitShape(3, "18,10 48,9 82,10! 62,50 46,95 ; 36,51 76,49"),
            DigitShape(2, "18,15 48,12 80,8! 58,44 48,95"),
            DigitShape(2, "20,26! 21,10! 80,10! 52,50 42,95"),
        ],
        [  // 8: written like an s and closed, as two rings, with an open top
            DigitShape(4, "74,19 51,5 27,18 34,38 66,59 78,78 52,95 23,80 34,59 66,39 75,20"),
            DigitShape(2, "50,48 27,32 31,11 53,5 74,16 72,34 50,48 24,62 22,84 49,95 77,84 76,62 50,48"),
            DigitShape(2, "72,10 45,6 28,20 41,42 66,58 74,80 50,95 26,82 36,58 62,40 78,12"),
        ],
        [  // 9: with a curved tail, a straight one, one that leans
            DigitShape(4, "76,24 52,5 26,17 24,42 48,54 72,42 78,20! 76,58 64,87 34,93"),
            DigitShape(3, "74,22 51,6 27,20 27,42 50,51 72,36 76,12! 74,50 71,95"),
            DigitShape(3, "73,14 46,5 23,24 31,48 57,44 75,18! 67,54 48,95"),
        ],
    ]

    /// One of the ways to write a digit, by a number in 0 ..< 1.
    static func pick(_ digit: Int, _ draw: Double) -> DigitShape {
        let shapes = all[digit]
        var rest = draw * shapes.reduce(0) { $0 + $1.frequency }
        for shape in shapes.dropLast() {
            rest -= shape.frequency
            if rest < 0 { return shape }
        }
        return shapes[shapes.count - 1]
    }
}
