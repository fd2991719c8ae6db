public import Bytes

/// How words name an entity, as one number: about which property, by which local context, and whether they give the
/// property a value.
///
/// The number is the property's times 32, so that all that was said of one property lies together. The local context
/// is one of 16 classes: what somebody makes of any number of local contexts is at most 32 streams for each of its
/// properties. Which local context a delta has says its body; classes other than that of `_transaction` hold several.
public struct WordRole: Hashable, Comparable, Sendable {
    /// How many classes of local contexts there are.
    public static let classes: Int64 = 16
    private static let width = 2 * classes

    /// As a log files it: first by property.
    public let number: Int64

    /// What a log has filed.
    public init(number: Int64) { self.number = number }

    /// A role.
    ///
    /// - Parameter property: the number of the property's name, below 2^53.
    public init(property: Int64, localContext: Text, hasValue: Bool) {
        number = property &* Self.width &+ 2 * Self.localClass(of: localContext) &+ (hasValue ? 1 : 0)
    }

    /// The number of the property's name.
    public var property: Int64 { number >> 5 }
    /// The class of the local contexts.
    public var localClass: Int64 { number >> 1 & (Self.classes - 1) }
    /// Whether the words give the property a value.
    public var hasValue: Bool { number & 1 == 1 }

    /// The least role about a property.
    public static func first(of property: Int64) -> WordRole { WordRole(number: property &* width) }

    /// The class of a local context: 0 for `_transaction` alone, whose words are counted and not read; of others 1 to 15,
    /// by the FNV-1a hash of the bytes (IETF draft-eastlake-fnv), which is part of what stores hold.
    public static func localClass(of localContext: Text) -> Int64 {
        guard localContext != ControlName.transaction else { return 0 }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in localContext.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        // The low bits of this hash mix worst.
        return 1 + Int64((hash ^ hash >> 32) % UInt64(classes - 1))
    }

    /// Whether `left` comes first in a log's order.
    public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}
