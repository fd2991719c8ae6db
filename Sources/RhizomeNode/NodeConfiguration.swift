public import Bytes
public import RhizomeIdentity
public import SignedLog

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

        /// A binding.
        public init(name: String, address: String, port: UInt16, host: String?) {
            self.name = name
            self.address = address
            self.port = port
            self.host = host
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
    /// Extra addresses of trusted peers.
    public let seeds: [PublicKey: [PeerAddress]]
    /// The software's name and version, as peers are told it.
    public let agent: String
    /// The software's version, by which stalled deltas are noted.
    public let version: String

    /// A configuration.
    public init(
        identity: PublicKey,
        peerID: String,
        request: Binding,
        publish: Binding,
        topic: Text,
        seeds: [PublicKey: [PeerAddress]],
        agent: String,
        version: String
    ) {
        self.identity = identity
        self.peerID = peerID
        self.request = request
        self.publish = publish
        self.topic = topic
        self.seeds = seeds
        self.agent = agent
        self.version = version
    }
}
