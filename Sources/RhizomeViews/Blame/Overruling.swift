/// Why what a delta says of a property isn't its value: one for each step of views.md, and for each way in which a
/// resolver chooses (spec: cli.md, `blame`).
public enum Overruling: String, CaseIterable, Sendable {
    /// A later word counts.
    case later
    /// An earlier word counts.
    case earlier
    /// The word of an author of a better rank counts.
    case rank
    /// Its author, or a moderator, took it back.
    case negated
    /// The perspective's authors or filters leave it out.
    case outside
    /// It is dated after the moment as of which is looked.
    case future
    /// Its author has several heads, and those don't count.
    case forked
    /// Not all of its transaction is there.
    case incomplete
    /// Its author isn't trusted any more, and it wasn't kept.
    case distrusted
    /// It is no number.
    case notNumber
    /// More deltas say something else.
    case fewer
    /// A lesser number counts.
    case less
    /// A greater number counts.
    case greater
    /// It gives the property no value on which the resolver works.
    case noValue
}
