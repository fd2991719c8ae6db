internal import Bytes

/// Times as people write them (RFC 3339).
enum Timestamp {
    /// µs since 1970 UTC of a date and time with an offset: `2026-01-31T12:00:00.5+01:00`; `nil` for anything else.
    ///
    /// Digits beyond microseconds are cut off. A `+` may have become a space on its way through a query.
    static func microseconds(_ text: Text) -> Int64? {
        var scanner = Scanner(rest: Array(text.utf8)[...])
        guard let year = scanner.digits(4), scanner.take("-"),
            let month = scanner.digits(2), scanner.take("-"),
            let day = scanner.digits(2), scanner.take("Tt "),
            let hour = scanner.digits(2), scanner.take(":"),
            let minute = scanner.digits(2), scanner.take(":"),
            let second = scanner.digits(2),
            let fraction = scanner.fraction(), let offset = scanner.offset(), scanner.rest.isEmpty,
            year > 0, (1...12).contains(month), (1...daysInMonth(month, year)).contains(day),
            hour < 24, minute < 60, second < 60
        else { return nil }
        let days = daysSince1970(year, month, day)
        return (((days * 24 + hour) * 60 + minute - offset) * 60 + second) * 1_000_000 + fraction
    }

    private static func daysInMonth(_ month: Int64, _ year: Int64) -> Int64 {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return switch month {
        case 2: isLeap ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days from a civil date, the year begun in March so that the leap day comes last.
    private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return 365 * year + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
    }

    private struct Scanner {
        var rest: ArraySlice<UInt8>

        mutating func take(_ characters: String) -> Bool {
            guard let first = rest.first, characters.utf8.contains(first) else { return false }
            rest.removeFirst()
            return true
        }

        mutating func digits(_ count: Int) -> Int64? {
            let taken = rest.prefix(count)
            guard taken.count == count, taken.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
            rest.removeFirst(count)
            return taken.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
        }

        /// The fraction in µs; 0 where there is none.
        mutating func fraction() -> Int64? {
            guard take(".") else { return 0 }
            let digits = rest.prefix { 0x30...0x39 ~= $0 }
            guard !digits.isEmpty else { return nil }
            rest.removeFirst(digits.count)
            let micro = digits.prefix(6) + repeatElement(0x30, count: max(0, 6 - digits.count))
            return micro.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
        }

        /// The offset from UTC in minutes.
        mutating func offset() -> Int64? {
            if take("Zz") { return 0 }
            let isNegative = rest.first == UInt8(ascii: "-")
            guard take("+- "), let hours = digits(2), take(":"), let minutes = digits(2), hours < 24, minutes < 60
            else { return nil }
            return (isNegative ? -1 : 1) * (hours * 60 + minutes)
        }
    }
}
