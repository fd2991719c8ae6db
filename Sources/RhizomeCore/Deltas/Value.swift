public import Bytes
internal import DeterministicCBOR

/// A value that a delta can assert.
///
/// Two are the same when their CBOR bytes are.
public enum Value: Hashable, Sendable {
    /// Clears a property.
    case null
    /// A truth value.
    case bool(Bool)
    /// A whole number within Int64.
    case integer(Int64)
    /// A finite number that equals no integer of at most 2^53: ``number(_:)`` sees to that.
    case float(Double)
    /// A text, compared by its bytes.
    case text(Text)

    /// The value of a finite number, an integer where it equals one with |x| ≤ 2^53; `nil` for NaN and infinities.
    public static func number(_ number: Double) -> Value? {
        switch CBORValue.number(number) {
        case .integer(let integer): .integer(integer)
        case .float(let float): .float(float)
        default: nil
        }
    }
}
