package import Bytes

/// Tests write moments as numbers: µs since the start of their clock.
extension Timestamp: ExpressibleByIntegerLiteral {
    package init(integerLiteral microseconds: Int64) { self.init(microseconds: microseconds) }
}

extension Uptime: ExpressibleByIntegerLiteral {
    package init(integerLiteral microseconds: Int64) { self.init(microseconds: microseconds) }
}

extension MicrosecondInstant {
    /// So many µs later.
    package static func + (moment: Self, microseconds: Int64) -> Self { moment + .microseconds(microseconds) }

    /// So many µs earlier.
    package static func - (moment: Self, microseconds: Int64) -> Self { moment - .microseconds(microseconds) }

    package static func += (moment: inout Self, microseconds: Int64) { moment = moment + microseconds }

    package static func -= (moment: inout Self, microseconds: Int64) { moment = moment - microseconds }
}

extension Timestamp {
    /// So many µs since 1970.
    package init(_ microseconds: some BinaryInteger) { self.init(microseconds: Int64(microseconds)) }

    /// Any of these.
    package static func random(in times: Range<Timestamp>, using random: inout some RandomNumberGenerator) -> Timestamp
    {
        Timestamp(Int64.random(in: times.lowerBound.microseconds..<times.upperBound.microseconds, using: &random))
    }

    /// Any of these.
    package static func random(
        in times: ClosedRange<Timestamp>,
        using random: inout some RandomNumberGenerator
    ) -> Timestamp {
        Timestamp(Int64.random(in: times.lowerBound.microseconds...times.upperBound.microseconds, using: &random))
    }
}
