/// What a parser takes at most.
public struct JSONLimits: Hashable, Sendable {
    /// How many bytes the whole input may have.
    public var bytes: Int
    /// How deep arrays and objects may nest.
    ///
    /// The parser calls itself once for each level.
    public var depth: Int

    /// Limits; a depth of 64 unless told otherwise.
    public init(bytes: Int, depth: Int = 64) {
        precondition(bytes >= 0 && depth >= 0 && depth <= 512, "the limits are sane: each level costs stack")
        self.bytes = bytes
        self.depth = depth
    }

    /// 1 MiB, 64 levels.
    public static let standard = JSONLimits(bytes: 1 << 20)
}
