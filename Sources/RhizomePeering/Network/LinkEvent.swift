/// What happened to a peer's link.
enum LinkEvent: Sendable {
    case authenticated
    case lost
    case subscribed
    case publicationDropped
    /// The connection on which the peer asked us last is gone.
    case stoppedAsking
}
