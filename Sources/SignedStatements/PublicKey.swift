public import Bytes
internal import Sodium

/// The public key of an identity: 32 bytes, ordered by them (spec: identity.md, "Keys").
///
/// Holding one does not say that it can be an identity: ``isAcceptable`` does. Text forms are in RhizomeIdentity.
public struct PublicKey: Hashable, Comparable, Sendable {
    /// The 32 bytes (RFC 8032, section 5.1.2).
    public let bytes: Bytes32

    /// Takes the bytes as they are.
    public init(_ bytes: Bytes32) { self.bytes = bytes }

    /// Takes exactly 32 bytes; `nil` for any other count.
    public init?(_ bytes: some Collection<UInt8>) {
        guard let bytes = Bytes32(bytes) else { return nil }
        self.bytes = bytes
    }

    /// Whether the key can be an identity: canonical, on the main subgroup, not of small order.
    ///
    /// - Complexity: nearly that of verifying a signature.
    public var isAcceptable: Bool { Ed25519.isAcceptable(bytes) }

    /// Whether `left` comes first in the order of bytes.
    public static func < (left: Self, right: Self) -> Bool { left.bytes < right.bytes }
}
