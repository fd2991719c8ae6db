/// The bounds of what peers exchange, whichever the method (spec: peering.md); those of one method are in its file.
enum PeeringLimits {
    /// Frames of an incoming message, the routing id included.
    static let frames = 4
    /// Bytes of a request id.
    static let requestIDBytes = 8
    /// Heads in a page of `heads` and `news`.
    static let headsPage = 10_000
    /// Bytes of deltas in a page of `pull`, in a `push` and in a publication.
    static let pageBytes = 4 * 1024 * 1024
    /// Deltas in a page of `pull`, in a `push` and in a publication: more than ``pageBytes`` can hold, since the smallest
    /// has over 160 bytes.
    static let deltas = 32_768
    /// Requests of one peer that are worked on at the same time; further ones get `busy`.
    static let requestsInFlight = 16
    /// Requests on a connection of an invitation's guest; with one more it is shut.
    static let guestRequests = 4
    /// Bytes that come in on a connection of an invitation's guest, its handshake included.
    static let guestBytes = 64 * 1024
    /// How long a connection of an invitation's guest lasts.
    static let guestTime = Duration.seconds(60)
    /// Requests of guests that wait to be worked on; further ones get `busy`.
    static let guestsInFlight = 16
    /// Publications of one peer that wait to be worked on; further ones are dropped, and asked for as news.
    static let publicationsInFlight = 64
    /// Bytes of one peer's requests and publications that are worked on at the same time, 8 MiB: as much as one frame may
    /// have, and eight pages or publications of an honest peer.
    static let bytesInFlight = 8 * 1024 * 1024
    /// Requests and publications of one peer that read or write the store at the same time; the others wait.
    static let jobsAtOnce = 4
}
