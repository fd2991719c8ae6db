/// A moment that is counted in whole µs, of one clock: moments of different clocks are of different types and never meet.
///
/// Differences and what is added are `Duration`s. What goes beyond the ends of Int64 stays at the end, so `.max` is as
/// good as never.
public protocol MicrosecondInstant: InstantProtocol where Duration == Swift.Duration {
    /// µs since the moment from which its clock counts.
    var microseconds: Int64 { get }

    /// The moment so many µs after the one from which its clock counts.
    init(microseconds: Int64)
}

extension MicrosecondInstant {
    /// The earliest one that there is.
    @inlinable public static var min: Self { Self(microseconds: .min) }

    /// The latest one that there is.
    @inlinable public static var max: Self { Self(microseconds: .max) }

    /// Whether the first is earlier.
    @inlinable public static func < (left: Self, right: Self) -> Bool { left.microseconds < right.microseconds }

    /// Parts of a µs are cut.
    @inlinable
    public func advanced(by duration: Duration) -> Self {
        let (sum, isBeyond) = microseconds.addingReportingOverflow(duration.microseconds)
        return isBeyond ? duration < .zero ? .min : .max : Self(microseconds: sum)
    }

    /// How much later the other is.
    @inlinable
    public func duration(to other: Self) -> Duration {
        let (difference, isBeyond) = other.microseconds.subtractingReportingOverflow(microseconds)
        return .microseconds(isBeyond ? other < self ? .min : .max : difference)
    }

    /// The moment so much later.
    @inlinable public static func + (moment: Self, duration: Duration) -> Self { moment.advanced(by: duration) }

    /// The moment so much earlier.
    @inlinable public static func - (moment: Self, duration: Duration) -> Self { moment.advanced(by: .zero - duration) }

    /// How much later the first is than the second.
    @inlinable public static func - (later: Self, earlier: Self) -> Duration { earlier.duration(to: later) }
}

extension Duration {
    /// Whole µs; what goes beyond the ends of Int64 stays at the end.
    public var microseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, isBeyond) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, isBeyondToo) = product.addingReportingOverflow(attoseconds / 1_000_000_000_000)
        return isBeyond || isBeyondToo ? seconds < 0 ? .min : .max : sum
    }
}
