internal import Bytes
internal import RhizomeCore
internal import StrictJSON

/// The moment as of which to look, as whoever asks gives it (spec: http.md, `?asOf=`).
enum AsOf {
    /// 2000-01-01 UTC: numbers below it are seconds or milliseconds since 1970 that somebody takes for µs.
    private static let least = Timestamp(microseconds: 946_684_800_000_000)

    /// What is said of anything else, behind the parameter's name.
    static let form =
        "is µs since 1970 (16 digits; milliseconds have 13, seconds 10), a time by RFC 3339 (2026-01-31T12:00:00Z), "
        + "or a date (2026-01-31: its first moment in UTC)"

    /// The moment that the text of a query gives; `nil` for what is none, and for numbers of another unit than µs.
    static func moment(_ text: Text) -> Timestamp? {
        if let number = Int64(digits: text) { return moment(number) }
        return Timestamp(text.string, plusIsSpace: true)
    }

    /// The same of a member of a JSON object.
    static func moment(_ json: JSONValue) -> Timestamp? {
        switch json {
        case .integer(let number): moment(number)
        case .text(let text): Timestamp(text.string)
        default: nil
        }
    }

    /// The numbers that are moments.
    static var numbers: ClosedRange<Int> { Int(least.microseconds)...Int(DeltaLimits.time.microseconds - 1) }

    /// No delta is of a time beyond `DeltaLimits.time`: such numbers are nanoseconds.
    private static func moment(_ microseconds: Int64) -> Timestamp? {
        let moment = Timestamp(microseconds: microseconds)
        return least..<DeltaLimits.time ~= moment ? moment : nil
    }
}
