package import RhizomeCore

/// What is to be written by this node's identity, in one transaction with what the writer of it needs to see.
///
/// The closures run where the log's transaction does, and hold up all who write; perhaps more than once, since a
/// transaction that fails may be tried again.
package struct LocalWrite: Sendable {
    /// What writing it takes, in times of a small delta, about.
    let weight: Int
    /// Tells what to write, all or none, by the state to which it is appended.
    let plan: @Sendable (any LogTransaction) throws -> [Draft]
    /// Looks at what has become of the state.
    let look: @Sendable (any LogTransaction) throws -> Void

    /// A write that is planned within the transaction.
    ///
    /// - Parameters:
    ///   - plan: tells what to write, in order; throws what ``LogTransaction`` does.
    ///   - look: looks at the state with all that was written; nothing of that is true before the write has succeeded.
    package init(
        weight: Int,
        plan: @escaping @Sendable (any LogTransaction) throws -> [Draft],
        look: @escaping @Sendable (any LogTransaction) throws -> Void
    ) {
        self.weight = weight
        self.plan = plan
        self.look = look
    }

    /// Drafts that are known already.
    package init(_ drafts: [Draft]) {
        self.init(weight: drafts.reduce(0) { $0 + DeltaWeight.writing($1) }, plan: { _ in drafts }, look: { _ in })
    }
}
