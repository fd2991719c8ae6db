/// Whether the publications of one peer come one after the other, by their numbers: a pure value.
///
/// A number that isn't the one after the last is a gap, a repetition or a restart: something went past us (spec:
/// peering.md, "Publications"). One that doesn't number them is never found to have lost any.
package struct PublicationNumbers: Sendable {
    private var last: Int64?

    /// Of a peer that hasn't published anything yet.
    package init() {}

    /// Takes note of the next publication.
    ///
    /// - Returns: whether nothing is known to be missing before it. Of the first one that is so: who subscribes asks for
    ///   news by itself.
    package mutating func note(_ number: Int64?) -> Bool {
        defer { last = number }
        guard let last, let number else { return true }
        // No sum: the last one may be the greatest number there is.
        return number > last && number - last == 1
    }
}
