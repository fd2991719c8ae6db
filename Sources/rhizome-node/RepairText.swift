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
        for loss in repair.lost.prefix(Self.told) {
            let author = loss.author.map { " by \($0.did)" } ?? ""
            lines.append("lost: \(loss.id)\(author), at position \(loss.position) of the damaged store")
        }
        if repair.lost.count > Self.told { lines.append("and \(repair.lost.count - Self.told) more") }
        if peers.isEmpty { lines.append("no peer is trusted that could be asked") }
        for peer in peers where peer.behind != 0 {
            let name = TerminalText.escaped(peer.name)
            lines.append("\(name) couldn't be asked for all: \(peer.state.rawValue)")
        }
        return lines
    }

    /// The outcome as JSON.
    var json: JSONObject {
        [
            "format": 1,
            "kept": .integer(rebuilt.keptCount),
            "restored": .integer(Int64(repair.restoredCount)),
            "lostCount": .integer(Int64(repair.lost.count)),
            "lost": .array(
                repair.lost.prefix(Self.told).map { loss in
                    [
                        "position": .integer(loss.position), "id": .string(loss.id.description),
                        "author": loss.author.map { .string($0.did) } ?? .null,
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
