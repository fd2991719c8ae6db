/// The bounds of what peers exchange (spec: peering.md).
enum PeeringLimits {
    /// The version of the protocol that this node speaks.
    static let protocolVersion: Int64 = 1
    /// Frames of an incoming message, the routing id included.
    static let frames = 4
    /// Bytes of a request id.
    static let requestIDBytes = 8
    /// Heads in a page of `heads` and `news`.
    static let headsPage = 10_000
    /// Heads that one `pull` may want.
    static let wantedHeads = 64
    /// Ids that one `pull` may say it has.
    static let locators = 256
    /// Bytes of deltas in a page of `pull`, in a `push` and in a publication.
    static let pageBytes = 4 * 1024 * 1024
    /// Deltas in a page of `pull`, in a `push` and in a publication: more than ``pageBytes`` can hold, since the smallest
    /// has over 160 bytes.
    static let deltas = 32_768
    /// Bytes of a cursor of `news`: whatever the peer likes, but not whatever length.
    static let cursorBytes = 256
    /// Requests of one peer that are worked on at the same time; further ones get `busy`.
    static let requestsInFlight = 16
    /// Bytes of one peer's requests and publications that are worked on at the same time, 8 MiB: as much as one frame may
    /// have, and eight pages or publications of an honest peer.
    static let bytesInFlight = 8 * 1024 * 1024
    /// Requests and publications of one peer that read or write the store at the same time; the others wait.
    static let jobsAtOnce = 4
    /// UTF-8 bytes of a name, an agent or a topic in `hello`; longer ones are cut or refused.
    static let labelBytes = 256
}
