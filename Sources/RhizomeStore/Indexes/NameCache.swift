internal import Bytes
internal import Locks
internal import SignedStatements

/// The numbers of authors and contexts that were looked up lately: once committed they never change.
///
/// Filled from what is durable alone: a transaction, which may be rolled back, has one of its own over this one. What fills
/// its room is forgotten, and looked up again. Calls from anywhere, at once.
final class NameCache: Sendable {
    private struct State {
        var authors: [PublicKey: Int64] = [:]
        var keys: [Int64: PublicKey] = [:]
        var contexts: [Text: Int64] = [:]
        var names: [Int64: Text] = [:]
    }

    private static let mostAuthors = 20_000
    /// A name may have 1 KiB.
    private static let mostContexts = 4_096

    private let state = Lock(State())
    private let under: NameCache?

    /// - Parameter under: what is known besides; nothing is added to it.
    init(over under: NameCache? = nil) { self.under = under }

    func author(_ key: PublicKey) -> Int64? { state.withLock { $0.authors[key] } ?? under?.author(key) }

    func key(of author: Int64) -> PublicKey? { state.withLock { $0.keys[author] } ?? under?.key(of: author) }

    func context(_ name: Text) -> Int64? { state.withLock { $0.contexts[name] } ?? under?.context(name) }

    func name(ofContext number: Int64) -> Text? {
        state.withLock { $0.names[number] } ?? under?.name(ofContext: number)
    }

    /// Remembers what another one has: what a transaction looked up, now that it is durable.
    func takeOver(_ other: NameCache) {
        let new = other.state.withLock { $0 }
        for (key, number) in new.authors { remember(author: number, key) }
        for (name, number) in new.contexts { remember(context: number, name) }
    }

    func remember(author number: Int64, _ key: PublicKey) {
        state.withLock { state in
            if state.keys.count >= Self.mostAuthors { (state.authors, state.keys) = ([:], [:]) }
            state.authors[key] = number
            state.keys[number] = key
        }
    }

    func remember(context number: Int64, _ name: Text) {
        state.withLock { state in
            if state.names.count >= Self.mostContexts { (state.contexts, state.names) = ([:], [:]) }
            state.contexts[name] = number
            state.names[number] = name
        }
    }
}
