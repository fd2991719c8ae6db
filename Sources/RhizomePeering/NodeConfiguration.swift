public import Bytes
public import RhizomeIdentity
public import SignedStatements
internal import ZeroMQ

/// How a node runs: what the environment and the options of `rhizome-node run` say (spec: cli.md).
public struct NodeConfiguration: Sendable {
    /// Where a socket listens, and where peers are told to find it.
    public struct Binding: Sendable {
        /// The setting's name, for errors: `RHIZOME_REQUEST_BIND`.
        public let name: String
        /// A numeric address, a host name, or `*`.
        public let address: String
        /// 0 for any free port.
        public let port: UInt16
        /// What peers are told; none where the address is a wildcard and nothing else was said.
        public let host: String?
        /// Whether peers are told the address at which they see us, in place of ``host``.
        public let isHostSeen: Bool

        /// A binding.
        public init(name: String, address: String, port: UInt16, host: String?, isHostSeen: Bool = false) {
            self.name = name
            self.address = address
            self.port = port
            self.host = host
            self.isHostSeen = isHostSeen
        }

        /// A binding to any port of 127.0.0.1, for nodes that only this machine reaches.
        ///
        /// - Parameter port: 0 for any free one.
        public static func loopback(port: UInt16) -> Binding {
            Binding(name: "port \(port)", address: "127.0.0.1", port: port, host: "127.0.0.1")
        }

        func told(port: UInt16) -> Text? {
            host.map { Text($0.contains(":") ? "[\($0)]:\(port)" : "\($0):\(port)") }
        }
    }

    /// Whose node it is.
    public let identity: PublicKey
    /// A label for people.
    public let peerID: String
    /// Where the ROUTER listens.
    public let request: Binding
    /// Where the PUB listens.
    public let publish: Binding
    /// The network that the node takes part in; never empty.
    public let topic: Text
    /// Whether the node states of itself what others bring about: that guests join by invitations, that somebody was
    /// introduced.
    public let follows: Bool
    /// Whether peers are looked for on local networks; nowhere where only this machine reaches the node.
    public let usesLocalNetwork: Bool
    /// Extra addresses of trusted peers.
    public let seeds: [PublicKey: [PeerAddress]]
    /// The software's name and version, as peers are told it.
    public let agent: String
    /// The software's version, by which stalled deltas are noted.
    public let version: String

    /// Whether only this machine reaches the ROUTER.
    var isOnLoopbackAlone: Bool {
        request.address == "localhost" || NumericAddress(request.address)?.isLoopback ?? false
    }

    /// A configuration; by default that of a node which only this machine reaches, on the standard ports.
    ///
    /// - Parameter peerID: the identity's short form where there is none.
    public init(
        identity: PublicKey,
        peerID: String? = nil,
        request: Binding = .loopback(port: 4000),
        publish: Binding = .loopback(port: 4001),
        topic: Text = "rhizome",
        follows: Bool = true,
        usesLocalNetwork: Bool = true,
        seeds: [PublicKey: [PeerAddress]] = [:],
        agent: String = "rhizome/\(SoftwareVersion.current)",
        version: String = SoftwareVersion.current
    ) {
        self.identity = identity
        self.peerID = peerID ?? identity.short
        self.request = request
        self.publish = publish
        self.topic = topic
        self.follows = follows
        self.usesLocalNetwork = usesLocalNetwork
        self.seeds = seeds
        self.agent = agent
        self.version = version
    }
}
