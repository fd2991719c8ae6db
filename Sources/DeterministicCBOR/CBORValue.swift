public import Bytes

/// Any value that the encoding has, for places whose shape is not known beforehand.
public enum CBORValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// Finite, and never equal to an integer of at most 2^53: ``number(_:)`` sees to that.
    case float(Double)
    case text(Text)
    case bytes([UInt8])
    case array([CBORValue])
    /// Keys and values; the writer sorts them by the keys' encoding.
    case map([CBORValue: CBORValue])

    /// The value of a finite number: an integer where it equals one with |x| ≤ 2^53, else a float.
    ///
    /// `nil` for the others.
    public static func number(_ number: Double) -> CBORValue? {
        guard number.isFinite else { return nil }
        if abs(number) <= 9_007_199_254_740_992, let integer = Int64(exactly: number) { return .integer(integer) }
        return .float(number)
    }

    /// The only encoding of the value.
    public var encoded: [UInt8] {
        var writer = CBORWriter()
        writer.value(self)
        return writer.bytes
    }
}
