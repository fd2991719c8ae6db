/// A page of what changed.
public struct Changes: Sendable {
    /// Of an author with more heads than this only those are told that are new: no honest log has as many.
    public static let headsToldWhole = 256

    /// Heads of the authors whose logs changed.
    public let heads: [AuthorHead]
    /// Where to go on from.
    public let cursor: ChangeCursor
    /// Whether there are more.
    public let hasMore: Bool

    /// The first `limit` of these heads, each with its place: for most authors that of their last change.
    ///
    /// - Parameters:
    ///   - sorted: what comes after `cursor`, in order; one more than `limit` tells that there are more.
    ///   - cursor: where the page begins.
    public init(
        _ sorted: some Collection<(position: Int64, head: AuthorHead)>,
        after cursor: ChangeCursor,
        limit: Int
    ) {
        let page = sorted.prefix(limit)
        heads = page.map(\.head)
        let next = sorted.dropFirst(limit).first
        hasMore = next != nil
        if let last = page.map({ $0 }).last {
            let isParted = next?.position == last.position
            self.cursor = ChangeCursor(position: last.position, head: isParted ? last.head.id : nil)
        } else {
            self.cursor = hasMore ? cursor : ChangeCursor(position: cursor.position)
        }
    }
}
