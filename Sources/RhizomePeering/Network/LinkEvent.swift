/// What happened to a peer's link.
enum LinkEvent: Sendable {
    case authenticated
    case lost
    case subscribed
    /// A publication came that we had no room for.
    case publicationDropped
    /// By the numbers of its publications one went past us.
    case publicationMissing
    /// The connection on which the peer asked us last is gone.
    case stoppedAsking
}
