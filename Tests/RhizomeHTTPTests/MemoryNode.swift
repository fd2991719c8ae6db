import Bytes
import Locks
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import RhizomeViews
import SignedLog

@testable import RhizomeHTTP
@testable import RhizomeNode

/// A node without sockets: admission's rules over a log in memory.
final class MemoryNode: NodeService {
    struct State {
        var now: Int64 = 1_735_689_600_000_000
        var trusted: Set<PublicKey> = []
        var failure: WriteError?
        var logFailure: DeltaLogError?
        var peers: [PeerStatus] = []
        var refused: [RefusedKey] = []
        var petnames: [PublicKey: String] = [:]
        var holders: [PublicKey] = []
        var excluded: Set<PublicKey> = []
        var measured = 0
    }

    let signer: KeySigner
    let memory: InMemoryDeltaLog
    /// The same, as it is asked.
    let watched: WatchedLog
    let views = ViewCache()
    let peerID = "taliesin's node"
    let uptimeSeconds: Int64 = 42
    let state = Lock(State())

    init() throws {
        signer = try TestAuthors.signer("http")
        memory = InMemoryDeltaLog()
        watched = WatchedLog(memory)
    }

    var identity: PublicKey { signer.publicKey }
    var log: any DeltaLog { watched }

    var writeError: WriteError? { state.withLock { $0.failure.flatMap { $0.code == .clock ? $0 : nil } } }

    func peers() async throws -> [PeerStatus] { state.withLock { $0.peers } }
    func refusedKeys() -> [RefusedKey] { state.withLock { $0.refused } }
    @Sendable func petname(of identity: PublicKey) -> String? { state.withLock { $0.petnames[identity] } }
    func identity(called name: String) -> PublicKey? {
        state.withLock { $0.petnames.first { $0.value == name }?.key }
    }
    func holders(of delta: StoredDelta) async throws -> [PublicKey] { state.withLock { $0.holders } }
    func measure() async { state.withLock { $0.measured += 1 } }

    func exclusion() async throws -> ViewCache.Exclusion {
        if let failure = state.withLock({ $0.logFailure }) { throw failure }
        let excluded = state.withLock { $0.excluded }
        return ViewCache.Exclusion(number: excluded.hashValue) { excluded.contains($0.author) }
    }

    func write(_ drafts: [Draft]) async throws(WriteError) -> [StoredDelta] {
        if let failure = state.withLock({ $0.failure }) { throw failure }
        var batch: [AdmittedDelta] = []
        do {
            var heads = try await memory.heads(of: identity)
            for draft in drafts {
                let now = state.withLock { state in
                    state.now += 1
                    return state.now
                }
                let time = max(now, (heads.map(\.timeCreated).max() ?? 0) + 1, (draft.replacing ?? 0) + 1)
                let delta = try SignedDelta(pointers: draft.pointers, after: heads, timeCreated: time, signer: signer)
                var links: [DeltaID: DeltaLink] = [:]
                for head in heads { links[head.id] = DeltaLink(author: identity, head: head) }
                guard case .admitted(let admitted) = try fit(delta, links, from: nil) else { fatalError("own delta") }
                batch.append(admitted)
                heads = [DeltaLink(delta).head]
            }
            let stored = try await memory.append(batch, cursors: [:])
            views.note(stored)
            return stored
        } catch let refusal as DeltaRefusal {
            throw WriteError(.content, refusal.message, draft: batch.count)
        } catch {
            throw WriteError(.disk, "\(error)")
        }
    }

    func submit(_ wire: [UInt8]) async throws -> Judgement {
        if let failure = state.withLock({ $0.logFailure }) { throw failure }
        let delta: SignedDelta
        do { delta = try SignedDelta(decoding: wire) } catch { return Judgement(nil, error) }
        if try await memory.contains([delta.id]).contains(delta.id) { return Judgement(delta, .duplicate) }
        guard state.withLock({ $0.trusted.contains(delta.author) }) || delta.author == identity else {
            return Judgement(delta, .defer(.unknownAuthor))
        }
        do {
            let links = try await memory.links(of: delta.header.previous)
            switch try fit(delta, links, from: nil) {
            case .admitted(let admitted):
                let stored = try await memory.append([admitted], cursors: [:])
                views.note(stored)
                return Judgement(delta, .accept, stored: stored[0])
            case .gap: return Judgement(delta, .defer(.gap))
            case .future: return Judgement(delta, .defer(.future))
            case .rejected(let refusal): return Judgement(delta, refusal)
            }
        } catch let refusal as DeltaRefusal {
            return Judgement(delta, refusal)
        }
    }

    private func fit(_ delta: SignedDelta, _ links: [DeltaID: DeltaLink], from: PublicKey?) throws -> Admission.Fit {
        let now = state.withLock { $0.now }
        return Admission.fit(
            try VerifiedDelta.verify(delta).get(),
            held: links,
            arrival: Arrival(timeReceived: now, receivedFrom: from, trustStatement: nil),
            now: now
        )
    }

    /// A node with more than the sockets' buffers take: 4 MB in 20 deltas.
    static func full() async throws -> MemoryNode {
        let node = try MemoryNode()
        try await node.fill(deltas: 20, bytes: 200_000)
        return node
    }

    /// Writes deltas with one text of this size each.
    func fill(deltas: Int, bytes: Int) async throws {
        let text = Text(String(repeating: "x", count: bytes))
        for start in stride(from: 0, to: deltas, by: 50) {
            let drafts = (start..<min(start + 50, deltas)).map { number in
                Draft(pointers: [
                    Pointer("page", entity: Text("p\(number)"), targetContext: "text"), Pointer("text", .text(text)),
                ])
            }
            _ = try await write(drafts)
        }
    }
}
