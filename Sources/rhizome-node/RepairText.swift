import Bytes
import CommandSupport
import RhizomeCore
import RhizomeDatabase
import RhizomeHosting
import RhizomeIdentity
import RhizomeStore
import StrictJSON

/// What a repair came to, for people and for programs.
struct RepairText {
    /// Losses that are told one by one.
    private static let told = 1_000

    let rebuilt: StoreRebuild
    let repair: StoreRepair

    private var peers: [PeerStatus] { repair.peers.filter { !$0.isSelf } }

    /// The outcome in lines.
    var lines: [String] {
        var lines = [
            "\(AuditText.counted(rebuilt.keptCount, "delta")) were whole, \(repair.restoredCount) came back from peers, "
                + "\(repair.lost.count) didn't"
        ]
        for lost in repair.lost.prefix(Self.told) {
            let author = lost.delta.author.map { " by \($0.did)" } ?? ""
            let place = "at position \(lost.delta.position) of the damaged store"
            lines.append("lost: \(lost.delta.id)\(author), \(place): \(Self.text(lost.reason))")
        }
        if repair.lost.count > Self.told { lines.append("and \(repair.lost.count - Self.told) more") }
        if peers.isEmpty { lines.append("no peer is trusted that could be asked") }
        for peer in peers where peer.behind != 0 {
            let name = TerminalText.escaped(peer.name)
            lines.append("\(name) couldn't be asked for all: \(peer.state.rawValue)")
        }
        return lines
    }

    private static func text(_ reason: StoreRepair.Reason) -> String {
        switch reason {
        case .unreadable: "its header can't be read; what a trusted peer holds of it comes back all the same"
        case .notTrusted: "its author isn't trusted, so no peer is asked for it; trust the author and start the node"
        case .nobodyAsked: "no peer could be asked; start the node when one can"
        case .someAsked: "the peers that could be asked don't hold it; start the node when the others can be"
        case .heldByNobody: "no peer holds it"
        }
    }

    /// The outcome as JSON.
    var json: JSONObject {
        [
            "format": 1,
            "kept": .integer(rebuilt.keptCount),
            "restored": .integer(Int64(repair.restoredCount)),
            "lostCount": .integer(Int64(repair.lost.count)),
            "lost": .array(
                repair.lost.prefix(Self.told).map { lost in
                    [
                        "position": .integer(lost.delta.position), "id": .string(lost.delta.id.description),
                        "author": lost.delta.author.map { .string($0.did) } ?? .null,
                        "reason": .string(lost.reason.rawValue),
                    ]
                }
            ),
            "damaged": .string(rebuilt.damagedFolder),
            "peers": .array(
                peers.map { peer in
                    [
                        "name": .string(peer.name), "identity": .string(peer.identity.did),
                        "state": .string(peer.state.rawValue),
                        "behind": peer.behind.map { .integer($0) } ?? .null,
                    ]
                }
            ),
        ]
    }
}
