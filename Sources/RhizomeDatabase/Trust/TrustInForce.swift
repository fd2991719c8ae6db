internal import Bytes
internal import Locks
internal import RhizomeCore
package import RhizomeIdentity
internal import SignedStatements

/// The trusted-peer list by which all is decided now; any thread may ask and nobody waits.
package final class TrustInForce: Sendable {
    private let state: TaskCondition<TrustList>

    /// Puts a first list into force.
    package init(_ list: TrustList) { state = TaskCondition(list) }

    /// The list as it is now.
    package var list: TrustList { state.withLock { $0 } }

    /// Puts a new list into force.
    package func update(_ list: TrustList) { state.change { $0 = list } }

    /// Waits until the list's last statement is another one.
    ///
    /// - Returns: false where the task is cancelled.
    func wait(otherThan statement: Bytes32?) async -> Bool {
        await state.wait { $0.head != statement ? true : nil } ?? false
    }

    /// Whether an author's deltas are taken (spec: admission.md).
    ///
    /// - Parameter now: µs since 1970.
    func standing(ofAuthor author: PublicKey, at now: Timestamp) -> AuthorStanding {
        switch list.standing(of: author, at: now) {
        case .own: .mayWrite(trustStatement: nil)
        case .trusted(let entry) where entry.may.contains(.author): .mayWrite(trustStatement: entry.statement)
        case .trusted, .unknown: .unknown
        case .distrusted: .distrusted
        }
    }
}
