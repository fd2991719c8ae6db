public import Bytes
public import RhizomeCore
public import RhizomeIdentity
public import SignedStatements

/// How a peer stands, as `/api/peers` tells it (spec: http.md).
public struct PeerStatus: Sendable {
    /// How the connection stands.
    public enum State: String, CaseIterable, Sendable {
        /// This node.
        case `self`
        /// Greeted on a connection that is up, or, where there is none of ours, heard from in the last 30 s.
        case connected
        /// Being tried, or greeted just now.
        case connecting
        /// It refuses our key: its owner has to trust us.
        case waitingForTrust
        /// Not there, or no address is known.
        case unreachable
    }

    /// An address at which a peer is looked for.
    public struct Address: Sendable {
        /// From where an address is known.
        public enum Source: String, CaseIterable, Sendable {
            /// The trusted-peer list.
            case journal
            /// `RHIZOME_SEED_PEERS`.
            case setting
            /// Whoever introduced the peer.
            case introduction
            /// A record that the peer has signed.
            case record
            /// A packet of the peer's on a network that the node is on.
            case localNetwork = "local-network"
        }

        /// Where.
        public let address: PeerAddress
        /// Known from where.
        public let source: Source

        package init(address: PeerAddress, source: Source) {
            self.address = address
            self.source = source
        }
    }

    /// Who it is.
    public let identity: PublicKey
    /// Its petname; for this node what it calls itself.
    public let name: String
    /// Where its ROUTER is.
    public let requestAddress: String?
    /// All addresses at which it is looked for, in this order; of this node none.
    public let addresses: [Address]
    /// Where its PUB is.
    public let publishAddress: String?
    /// Whether it is this node.
    public let isSelf: Bool
    /// Whether `RHIZOME_SEED_PEERS` names it.
    public let isSeedPeer: Bool
    /// The decisions on the deltas that it sent, or that were written here.
    public let counts: DecisionCounts
    /// How the connection stands.
    public let state: State
    /// How far its clock is ahead of ours, µs.
    public let clockOffsetMicroseconds: Int64?
    /// How long a request and its reply are on their way, µs.
    public let roundTripMicroseconds: Int64?
    /// When something came from it last, µs since 1970.
    public let lastSeen: Timestamp?
    /// How many deltas it is known to hold that are missing here, at least: each of its heads that isn't held is one.
    ///
    /// None until all heads have been compared.
    public let behind: Int64?
    /// How many deltas are held here and known to be missing there, wanted or not, by the sequences of the heads.
    ///
    /// None until all heads have been compared.
    public let ahead: Int64?
    /// Where its log has two histories.
    public let forks: [Fork]
    /// Its deltas that fit nowhere.
    public let stalled: [DeltaID]

    /// A status; see the properties.
    package init(
        identity: PublicKey,
        name: String,
        requestAddress: String?,
        addresses: [Address],
        publishAddress: String?,
        isSelf: Bool,
        isSeedPeer: Bool,
        counts: DecisionCounts,
        state: State,
        clockOffsetMicroseconds: Int64?,
        roundTripMicroseconds: Int64?,
        lastSeen: Timestamp?,
        behind: Int64?,
        ahead: Int64?,
        forks: [Fork],
        stalled: [DeltaID]
    ) {
        self.identity = identity
        self.name = name
        self.requestAddress = requestAddress
        self.addresses = addresses
        self.publishAddress = publishAddress
        self.isSelf = isSelf
        self.isSeedPeer = isSeedPeer
        self.counts = counts
        self.state = state
        self.clockOffsetMicroseconds = clockOffsetMicroseconds
        self.roundTripMicroseconds = roundTripMicroseconds
        self.lastSeen = lastSeen
        self.behind = behind
        self.ahead = ahead
        self.forks = forks
        self.stalled = stalled
    }
}
