/// What was found when a store was held against the witness outside of it (`data/store.seen`).
public struct StoreIncident: Hashable, Sendable {
    /// What is wrong.
    public enum Code: String, Sendable, CaseIterable {
        /// There is no witness, though the store holds deltas.
        case witnessMissing
        /// The witness is no such file.
        case witnessUnreadable
        /// The witness knows another store: this one was put in its place, or made anew.
        case otherStore
        /// The store held more deltas once: rows were removed, or an older copy was put back.
        case behind
        /// At the witness's position the store holds another history.
        case otherHistory
    }

    /// What is wrong.
    public let code: Code
    /// What was found and what it may mean.
    public let message: String
    /// When, µs since 1970.
    public let time: Int64
}
