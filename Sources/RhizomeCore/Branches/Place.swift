/// Where a delta stands in its author's log.
package struct Place: Hashable, Sendable {
    /// The author's number.
    package let author: Int64
    /// The branch, from 0 on in the order in which they began.
    package let branch: Int64
    /// The delta's sequence.
    package let sequence: Int64

    /// A place.
    package init(author: Int64, branch: Int64, sequence: Int64) {
        self.author = author
        self.branch = branch
        self.sequence = sequence
    }
}
