internal import Bytes
internal import Locks
internal import RhizomeCore
internal import RhizomeIdentity
internal import SignedStatements

/// Notes what may change whom introductions have the node trust: deltas of those who may introduce, and what is stated of
/// them.
///
/// Where nobody may introduce, nothing is looked at.
final class IntroductionNews: Sendable {
    /// What is to be looked at again.
    struct Content: Sendable {
        /// Introducers of whom all is.
        var introducers: Set<PublicKey> = []
        /// Dids that were introduced.
        var subjects: Set<Text> = []
        /// Deltas that were negated.
        var negated: Set<DeltaID> = []

        /// Whether there is nothing.
        var isEmpty: Bool { introducers.isEmpty && subjects.isEmpty && negated.isEmpty }

        /// Who wrote what is noted one by one.
        private var authors: Set<PublicKey> = []

        /// Up to how many things are noted one by one.
        private static let most = 1_024

        fileprivate mutating func add(_ other: Content) {
            introducers.formUnion(other.introducers)
            subjects.formUnion(other.subjects)
            negated.formUnion(other.negated)
            authors.formUnion(other.authors)
            bound()
        }

        fileprivate mutating func add(_ delta: SignedDelta) {
            guard !introducers.contains(delta.author) else { return }
            let pointers = delta.body.pointers
            subjects.formUnion(pointers.introduced)
            negated.formUnion(pointers.negates)
            // It may complete what was written before.
            if pointers.contains(where: { $0.localContext == ControlName.transaction }) {
                introducers.insert(delta.author)
            }
            authors.insert(delta.author)
            bound()
        }

        private mutating func bound() {
            guard subjects.count + negated.count > Self.most else { return }
            introducers.formUnion(authors)
            (subjects, negated, authors) = ([], [], [])
        }
    }

    private let mailbox = Mailbox(Content())
    private let introducers = Lock<Set<PublicKey>>([])

    /// Takes note of what was appended.
    func note(_ appended: [StoredDelta]) {
        let introducers = introducers.withLock { $0 }
        guard !introducers.isEmpty else { return }
        let deltas = appended.lazy.map(\.delta).filter { delta in
            introducers.contains(delta.author)
                && delta.body.pointers.contains { Self.contexts.contains($0.localContext) }
        }
        guard !deltas.isEmpty else { return }
        mailbox.post { content in for delta in deltas { content.add(delta) } }
    }

    /// The names of pointers that matter.
    private static let contexts: Set<Text> = [ControlName.introduces, ControlName.negates, ControlName.transaction]

    /// Takes note that the trusted-peer list has changed.
    ///
    /// - Parameters:
    ///   - introducers: who may introduce now.
    ///   - changed: those of whom that has changed, or what else is stated of them.
    func note(introducers: Set<PublicKey>, changed: Set<PublicKey>) {
        self.introducers.withLock { $0 = introducers }
        mailbox.post { $0.introducers.formUnion(changed) }
    }

    /// Puts back what was taken and couldn't be looked at.
    func again(_ content: Content) { mailbox.post { $0.add(content) } }

    /// Waits until something is to be looked at, or a list or the time asks for it.
    ///
    /// - Returns: `nil` once the task is cancelled.
    func take(within timeout: Duration?, by clock: NodeClock) async -> Content? {
        await mailbox.take(within: timeout, by: clock)
    }
}
