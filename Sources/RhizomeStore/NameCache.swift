internal import Bytes
internal import Locks
internal import SignedLog

/// The numbers of authors and contexts that were looked up lately: once committed they never change.
///
/// Filled from what readers see alone, never by an append, which may be rolled back. What fills its room is forgotten, and
/// looked up again. Calls from anywhere, at once.
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

    func author(_ key: PublicKey) -> Int64? { state.withLock { $0.authors[key] } }

    func key(of author: Int64) -> PublicKey? { state.withLock { $0.keys[author] } }

    func context(_ name: Text) -> Int64? { state.withLock { $0.contexts[name] } }

    func name(ofContext number: Int64) -> Text? { state.withLock { $0.names[number] } }

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
