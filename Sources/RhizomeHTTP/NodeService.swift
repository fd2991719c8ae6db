internal import RhizomeCore
internal import RhizomeIdentity
internal import RhizomeNode
internal import RhizomeViews
internal import SignedLog

/// What the routes need of a node: as little as can be, so that they are tested without sockets.
protocol NodeService: Sendable {
    /// Whose node it is.
    var identity: PublicKey { get }
    /// The label for people.
    var peerID: String { get }
    /// What is held.
    var log: any DeltaLog { get }
    /// Whole seconds since the node started.
    var uptimeSeconds: Int64 { get }
    /// Why nothing can be written now; `nil` where nothing is known to be in the way.
    var writeError: WriteError? { get }

    /// This node first, then every trusted entry by petname bytes.
    func peers() async throws -> [PeerStatus]
    /// The keys that asked for a connection and were refused.
    func refusedKeys() -> [RefusedKey]
    /// The petname of a trusted identity.
    @Sendable func petname(of identity: PublicKey) -> String?
    /// The identity that a person means by a petname, or by the beginning of a did.
    func identity(called name: String) -> PublicKey?
    /// Signs drafts with the node's identity and appends them durably, all or none.
    func write(_ drafts: [Draft]) async throws(WriteError) -> [StoredDelta]
    /// Takes a signed delta by any author through admission.
    func submit(_ wire: [UInt8]) async throws -> Judgement
    /// The peers known to hold a delta.
    func holders(of delta: StoredDelta) async throws -> [PublicKey]
    /// Measures what only changes when somebody looks.
    func measure() async
    /// The views that were read lately.
    var views: ViewCache { get }
    /// Which deltas trust keeps out of views (spec: views.md, step 1), as of now.
    func exclusion() async throws -> ViewCache.Exclusion
}

extension Node: NodeService {
    @Sendable func petname(of identity: PublicKey) -> String? { trust.entries[identity]?.name }

    func identity(called name: String) -> PublicKey? { try? trust.find(name).identity }
}
