public import Bytes

/// A delta's id: the SHA-256 hash of its `Sig_structure`, 32 bytes (spec: delta.md, "What is signed").
///
/// Equal ids mean the same assertion, whatever the signature. Ordered by bytes, on which the ties of last-write-wins
/// rely (spec: views.md). Always computed from what was signed, never taken from what somebody says.
public struct DeltaID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The 32 bytes.
    public let bytes: Bytes32

    /// Takes the bytes as they are.
    public init(_ bytes: Bytes32) { self.bytes = bytes }

    /// Reads 64 lower-case hex digits; `nil` for anything else.
    public init?(hex: some StringProtocol) {
        guard let bytes = Hex.decode(hex).flatMap({ Bytes32($0) }) else { return nil }
        self.bytes = bytes
    }

    /// Whether `left` comes first in the order of bytes.
    public static func < (left: Self, right: Self) -> Bool { left.bytes < right.bytes }

    /// 64 lower-case hex digits.
    public var description: String { Hex.encode(bytes.array) }
}
