extension Timestamp: CustomStringConvertible {
    private static let microsecondsADay: Int64 = 86_400_000_000

    /// As RFC 3339 writes it: `2026-01-02T03:04:05.678901Z`, without the fraction where it is zero.
    public var description: String {
        let (days, rest) = Self.floorDivide(microseconds, by: Self.microsecondsADay)
        let (year, month, day) = Self.civil(days)
        let seconds = rest / 1_000_000
        let fraction = rest % 1_000_000
        let clock = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { Self.padded($0, 2) }.joined(separator: ":")
        return "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))T\(clock)"
            + (fraction == 0 ? "" : "." + Self.padded(fraction, 6)) + "Z"
    }

    /// Reads an RFC 3339 date (its first moment in UTC) or date-time of the years 1 to 9999; `nil` where it is neither.
    ///
    /// Fractions beyond µs are cut. A leap second, which only the end of a month in UTC has, counts as the second after
    /// it.
    ///
    /// - Parameter plusIsSpace: a space may stand for the `+` before an offset, as in queries.
    package init?(_ text: String, plusIsSpace: Bool = false) {
        guard let microseconds = Self.parse(text, plusIsSpace: plusIsSpace) else { return nil }
        self.init(microseconds: microseconds)
    }

    private static func parse(_ text: String, plusIsSpace: Bool) -> Int64? {
        var rest = Array(text.utf8)[...]
        guard let year = number(&rest, 4), skip(&rest, "-"), let month = number(&rest, 2), skip(&rest, "-"),
            let day = number(&rest, 2), year > 0, (1...12).contains(month), day >= 1, day <= daysIn(month, of: year)
        else { return nil }
        let start = days(year, month, day) * microsecondsADay
        if rest.isEmpty { return start }
        guard skip(&rest, "T") || skip(&rest, "t") || skip(&rest, " "), let hour = number(&rest, 2), skip(&rest, ":"),
            let minute = number(&rest, 2), skip(&rest, ":"), let second = number(&rest, 2),
            hour < 24, minute < 60, second <= 60, let fraction = fraction(&rest),
            let offset = offset(&rest, plusIsSpace), rest.isEmpty
        else { return nil }
        let whole = start + ((hour * 60 + minute - offset) * 60 + second) * 1_000_000
        guard second < 60 || isStartOfMonth(whole) else { return nil }
        return whole + fraction
    }

    private static func isStartOfMonth(_ microseconds: Int64) -> Bool {
        let (days, rest) = floorDivide(microseconds, by: microsecondsADay)
        return rest == 0 && civil(days).day == 1
    }

    private static func fraction(_ rest: inout ArraySlice<UInt8>) -> Int64? {
        guard skip(&rest, ".") else { return 0 }
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        guard !digits.isEmpty else { return nil }
        rest = rest.dropFirst(digits.count)
        let six = digits.prefix(6) + [UInt8](repeating: 0x30, count: Swift.max(0, 6 - digits.count))
        return six.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    /// Minutes that the local time is ahead of UTC.
    private static func offset(_ rest: inout ArraySlice<UInt8>, _ plusIsSpace: Bool) -> Int64? {
        if skip(&rest, "Z") || skip(&rest, "z") { return 0 }
        let isAhead = skip(&rest, "+") || plusIsSpace && skip(&rest, " ")
        let sign: Int64 = isAhead ? 1 : skip(&rest, "-") ? -1 : 0
        guard sign != 0, let hours = number(&rest, 2), skip(&rest, ":"), let minutes = number(&rest, 2), hours < 24,
            minutes < 60
        else { return nil }
        return sign * (hours * 60 + minutes)
    }

    private static func number(_ rest: inout ArraySlice<UInt8>, _ count: Int) -> Int64? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        rest = rest.dropFirst(count)
        return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    private static func skip(_ rest: inout ArraySlice<UInt8>, _ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    private static func padded(_ number: Int64, _ count: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: Swift.max(0, count - digits.count)) + digits
    }

    private static func floorDivide(_ value: Int64, by divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func isLeap(_ year: Int64) -> Bool {
        year.isMultiple(of: 4) && !year.isMultiple(of: 100) || year.isMultiple(of: 400)
    }

    private static func daysIn(_ month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    // Both ways by Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms": years start in March, eras of 400.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = floorDivide(shifted, by: 400)
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivide(days + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}
