/// A day of the Gregorian calendar, as tables spell it.
struct CalendarDate {
    /// Since the beginning of 1970; the time is a fraction. Zones are passed over: the date is that of who wrote it.
    var days: Double

    /// The numbers that a network is given of a date.
    enum Part: String, CaseIterable {
        case year, month
        /// From 1, Monday, to 7.
        case weekday
        /// Days since the earliest date of the training rows.
        case days

        func value(of days: Double, earliest: Double) -> Double {
            switch self {
            case .year: Double(CalendarDate.yearAndMonth(of: days).year)
            case .month: Double(CalendarDate.yearAndMonth(of: days).month)
            // The first day of 1970 was a Thursday.
            case .weekday: (days.rounded(.down) + 3).wrapped(by: 7) + 1
            case .days: days - earliest
            }
        }
    }

    /// - Parameter spelling: which of day, month and year comes first.
    init?(_ text: String, spelled spelling: ColumnSpelling) {
        guard let words = CalendarDate.words(of: text), let first = words.first else { return nil }
        var numbers: [Int] = []
        var rest = words.dropFirst(3)
        if first.text.count == 8, let number = Int(first.text) {
            guard spelling == .yearFirst else { return nil }
            numbers = [number / 10000, number / 100 % 100, number % 100]
            rest = words.dropFirst(1)
        } else {
            let date = words.prefix(3)
            let parts = Set(date.dropFirst().map(\.separator))
            guard date.count == 3, parts.isSubset(of: ["-", "/", ".", " ", ", ", ""]) else { return nil }
            let order: [Int]
            switch spelling {
            case .yearFirst: order = [0, 1, 2]
            case .dayFirst: order = [2, 1, 0]
            // Dots are written where days come first.
            case .monthFirst where !parts.contains("."): order = [2, 0, 1]
            default: return nil
            }
            let year = date[order[0]].text
            guard year.count == 4 || (year.count == 2 && spelling != .yearFirst && parts == ["/"]) else { return nil }
            for place in order {
                let text = date[place].text
                guard let number = Int(text) ?? (place == order[1] ? CalendarDate.month(text) : nil) else { return nil }
                numbers.append(number)
            }
            if year.count == 2 { numbers[0] += numbers[0] < 70 ? 2000 : 1900 }
        }
        let (year, month, day) = (numbers[0], numbers[1], numbers[2])
        guard 1...9999 ~= year, 1...12 ~= month, 1...CalendarDate.length(of: month, in: year) ~= day,
            let time = CalendarDate.time(rest)
        else { return nil }
        days = Double(CalendarDate.days(year, month, day)) + time
    }

    // MARK: Words

    private struct Word {
        /// What stands before it.
        var separator: String
        /// Digits alone, or letters alone.
        var text: String
    }

    /// nil where the text cannot be a date.
    private static func words(of text: String) -> [Word]? {
        guard 6...40 ~= text.utf8.count else { return nil }
        var words: [Word] = []
        var separator = ""
        var last: Bool?
        for character in text {
            guard character.isASCII else { return nil }
            let isDigit = character.isNumber
            if isDigit || character.isLetter {
                if last == isDigit {
                    words[words.count - 1].text.append(character)
                } else {
                    words.append(Word(separator: separator, text: String(character)))
                    separator = ""
                }
                last = isDigit
            } else {
                separator.append(character)
                last = nil
            }
        }
        return separator.isEmpty && words.first?.separator == "" ? words : nil
    }

    /// From a name's first three letters, or the whole name.
    private static func month(_ name: String) -> Int? {
        let name = name.lowercased()
        return names.firstIndex { $0 == name || $0.prefix(3) == name }.map { $0 + 1 }
    }

    private static let names = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
    ]

    /// The share of the day: `12:30`, `T12:30:00.5Z`, `1:30 pm`, `12:30+02:00`. nil where the words are no time.
    private static func time(_ words: ArraySlice<Word>) -> Double? {
        var words = words
        if words.first?.text == "T" { words.removeFirst() }
        if words.isEmpty { return 0 }
        var numbers: [Double] = []
        while let word = words.first, let number = Double(word.text), numbers.count < 3, numbers.isEmpty || word.separator == ":" {
            numbers.append(number)
            words.removeFirst()
        }
        guard numbers.count >= 2 else { return nil }
        if numbers.count == 3, words.first?.separator == ".", let fraction = Double("0." + words[words.startIndex].text) {
            numbers[2] += fraction
            words.removeFirst()
        }
        if let half = words.first?.text.lowercased(), half == "am" || half == "pm" {
            guard 1...12 ~= numbers[0] else { return nil }
            numbers[0] = (numbers[0] == 12 ? 0 : numbers[0]) + (half == "pm" ? 12 : 0)
            words.removeFirst()
        }
        let isZone = words.first.map { ["Z", "UTC", "GMT"].contains($0.text) || ["+", "-"].contains($0.separator) } ?? true
        guard isZone, words.count <= 2, numbers[0] < 24, numbers[1] < 60, numbers.count < 3 || numbers[2] < 61 else { return nil }
        return (numbers[0] + numbers[1] / 60 + (numbers.count == 3 ? numbers[2] : 0) / 3600) / 24
    }

    // MARK: The calendar

    private static func length(of month: Int, in year: Int) -> Int {
        if month == 2 { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28 }
        return [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// Days since 1970. Years begin in March, so that the leap day is their last (Hinnant, "chrono-Compatible Low-Level
    /// Date Algorithms").
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month > 2 ? year : year - 1
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return 365 * year + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
    }

    private static func yearAndMonth(of days: Double) -> (year: Int, month: Int) {
        let day = Int(days.rounded(.down)) + 719_468
        let (era, dayOfEra) = (day / 146_097, day % 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        return (yearOfEra + 400 * era + (month < 10 ? 0 : 1), month < 10 ? month + 3 : month - 9)
    }
}

extension Double {
    fileprivate func wrapped(by divisor: Double) -> Double {
        let rest = truncatingRemainder(dividingBy: divisor)
        return rest < 0 ? rest + divisor : rest
    }
}
