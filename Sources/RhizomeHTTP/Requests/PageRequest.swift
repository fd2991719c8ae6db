internal import Bytes

/// A reader's part in a page of a long list: `?limit=` and `?after=` (spec: http.md).
struct PageRequest: Equatable, Sendable {
    /// How many items at most; a complete list where there is none.
    let limit: Int?
    /// The cursor after which to go on.
    let after: Text?
}
