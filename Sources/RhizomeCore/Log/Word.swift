/// A delta's place in a stream.
public struct Word: Hashable, Comparable, Sendable {
    /// Where it stands in the order of views, about.
    public let moment: WordMoment
    /// The delta's position.
    public let position: Int64

    /// A place.
    public init(moment: WordMoment, position: Int64) {
        self.moment = moment
        self.position = position
    }

    /// Whether `left` comes first.
    public static func < (left: Self, right: Self) -> Bool {
        (left.moment, left.position) < (right.moment, right.position)
    }
}
