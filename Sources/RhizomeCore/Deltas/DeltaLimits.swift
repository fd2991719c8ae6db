public import Bytes

/// How large the parts of a delta may be (spec: delta.md, "Limits").
///
/// Looked at before anything is decoded or kept.
public enum DeltaLimits {
    /// Bytes of a whole signed delta: 260 KiB.
    public static let signedBytes = 260 * 1024
    /// Bytes of a body: 256 KiB.
    public static let bodyBytes = 256 * 1024
    /// Pointers of a body: 1 to this many.
    public static let pointers = 1024
    /// UTF-8 bytes of a context name or an entity id: 1 to this many.
    public static let nameBytes = 1024
    /// Ids of deltas right before a delta.
    public static let previous = 8
    /// The first µs since 1970 that is no time any more: 2^53.
    public static let time = Timestamp(microseconds: 1 << 53)
    /// How far ahead of our clock a delta's time may be: 5 minutes (spec: admission.md, row 8).
    public static let ahead = Duration.seconds(5 * 60)
}
