/// How far the changes of a log have been told.
public struct ChangeCursor: Hashable, Sendable {
    /// Before all changes.
    public static let start = Self(position: 0)

    /// What changed last at this position or before it has been told of.
    public let position: Int64
    /// Of the author whose last change lies at the position only the heads up to this one; `nil`: all of them.
    public let head: DeltaID?

    /// A place among the changes.
    public init(position: Int64, head: DeltaID? = nil) {
        self.position = position
        self.head = head
    }
}
