import Bytes
import CommandSupport
import RhizomeCore
import RhizomeIdentity
import StrictJSON

/// How a node and its peers stand, for people and for programs (spec: cli.md, `status`).
struct StatusReport {
    /// Something that somebody has to do.
    struct Attention {
        /// What it is about, in one word; a program's to tell kinds apart.
        let code: String
        /// What is wrong.
        let message: String
        /// What to do.
        let remedy: String
    }

    /// Free bytes below which the disk needs attention: some 400,000 small deltas.
    private static let fewBytes: Int64 = 256 << 20
    /// How far off a clock needs no attention; past five minutes ahead deltas wait (spec: admission.md).
    private static let clockTolerance = Duration.seconds(60)

    let health: JSONValue
    let peers: [StatusPeer]
    /// Keys that asked for a connection and were refused.
    let refused: [JSONValue]
    let deltaCount: Int64
    let epoch: [UInt8]
    /// What the last audit left, of whatever store.
    let lastAudit: JSONObject?
    let storeBytes: Int64
    let freeBytes: Int64?
    let trust: TrustList
    let now: Timestamp

    init(
        health: JSONValue,
        peers: [JSONValue],
        refused: [JSONValue],
        deltaCount: Int64,
        epoch: [UInt8],
        lastAudit: JSONObject?,
        storeBytes: Int64,
        freeBytes: Int64?,
        trust: TrustList,
        now: Timestamp
    ) {
        self.health = health
        self.peers = peers.compactMap { $0.object.map(StatusPeer.init) }
        self.refused = refused
        self.deltaCount = deltaCount
        self.epoch = epoch
        // That of a store before this one says nothing of this one.
        self.lastAudit = lastAudit.flatMap { $0["epoch"] == .string(Hex.encode(epoch)) ? $0 : nil }
        self.storeBytes = storeBytes
        self.freeBytes = freeBytes
        self.trust = trust
        self.now = now
    }

    private var others: [StatusPeer] { peers.filter { !$0.isSelf } }

    // MARK: - What needs attention

    /// What somebody has to do, the node's own troubles first.
    var attention: [Attention] { ownTroubles + others.flatMap(troubles) }

    private var ownTroubles: [Attention] {
        var list: [Attention] = []
        if health.object?["clock"] != nil {
            list.append(
                Attention(
                    code: "clock",
                    message: "this machine's clock is far behind this identity's last delta, so nothing is written",
                    remedy: "see which is wrong: timedatectl, and: rhizome-node log --author me --limit 1"
                )
            )
        }
        if let freeBytes, freeBytes < Self.fewBytes {
            list.append(
                Attention(
                    code: "disk",
                    message: "\(Self.size(freeBytes)) are free on the store's disk",
                    remedy: "make room; when none is left, nothing new is kept"
                )
            )
        }
        if let count = lastAudit?["findingCount"]?.integer, count > 0 {
            list.append(
                Attention(
                    code: "audit",
                    message: "the last audit found \(AuditText.counted(count, "fault")) in the store",
                    remedy: "stop the node, and run: rhizome-node audit --repair"
                )
            )
        }
        return list
    }

    private func troubles(of peer: StatusPeer) -> [Attention] {
        var list: [Attention] = []
        let name = TerminalText.escaped(peer.name)
        switch peer.state {
        case "waitingForTrust":
            list.append(
                Attention(
                    code: "waitingForTrust",
                    message: "\(name) doesn't trust this identity",
                    remedy: "have its owner trust what this prints: rhizome-keys show --format card"
                )
            )
        case "unreachable" where !peer.hasAddress && peer.lastSeen == nil:
            list.append(
                Attention(
                    code: "noAddress",
                    message: "no address of \(name) is known",
                    remedy: "give one: rhizome-keys trust \(name) --address HOST:PORT"
                )
            )
        default: break
        }
        if let offset = peer.clockOffset, offset.magnitude > Self.clockTolerance {
            let side = offset > .zero ? "ahead of" : "behind"
            list.append(
                Attention(
                    code: "peerClock",
                    message: "the clock of \(name) is \(Self.length(offset)) \(side) this machine's",
                    remedy: "set the one that is wrong; what is dated over 5 minutes ahead has to wait"
                )
            )
        }
        return list
    }

    // MARK: - For people

    /// One screen.
    var lines: [String] {
        let members = health.object
        let own = peers.first { $0.isSelf }
        let free = freeBytes.map { ", \(Self.size($0)) free" } ?? ""
        var rows = [
            ["node", TerminalText.escaped(own?.name ?? "") + ", up for \(Self.uptime(members))"],
            ["identity", trust.owner.did],
            ["store", "\(AuditText.counted(deltaCount, "delta")), \(Self.size(storeBytes))\(free)"],
            ["audit", auditLine],
        ]
        if let addresses = own?.requestAddress { rows.append(["peers ask at", TerminalText.escaped(addresses)]) }
        if !refused.isEmpty {
            let keys = AuditText.counted(Int64(refused.count), "key")
            rows.append(["strangers", "\(keys) asked and were refused: GET /api/peers/refused tells whose"])
        }
        var lines = TerminalText.aligned(rows)
        lines.append("")
        if others.isEmpty {
            lines.append("no peers; meet one by: rhizome-keys invite NAME")
        } else {
            lines += TerminalText.aligned(others.map { $0.columns(now: now) })
        }
        let attention = attention
        if !attention.isEmpty { lines.append("") }
        for item in attention { lines.append("\(TerminalText.bold("!")) \(item.message); \(item.remedy)") }
        return lines
    }

    private var auditLine: String {
        guard let lastAudit, let time = lastAudit["time"]?.integer, let count = lastAudit["findingCount"]?.integer
        else { return "none of this store yet; run: rhizome-node audit" }
        let ago = TerminalText.ago(now - Timestamp(microseconds: time))
        let result = count == 0 ? "nothing found" : AuditText.counted(count, "finding")
        let since = deltaCount - (lastAudit["position"]?.integer ?? 0)
        return "\(result), \(ago)" + (since > 0 ? "; \(AuditText.counted(since, "delta")) came since" : "")
    }

    private static func uptime(_ health: JSONObject?) -> String {
        length(.seconds(health?["uptimeSeconds"]?.integer ?? 0))
    }

    /// Bytes in the largest unit of which there is one, for people.
    static func size(_ bytes: Int64) -> String {
        switch bytes {
        case ..<(1 << 20): "\(bytes >> 10) KiB"
        case ..<(1 << 30): "\(bytes >> 20) MiB"
        default: "\(bytes >> 30).\((bytes & (1 << 30 - 1)) * 10 >> 30) GiB"
        }
    }

    /// A length of time in one unit, whatever its direction.
    static func length(_ duration: Duration) -> String {
        let length = duration.magnitude
        let seconds = length.components.seconds
        return switch seconds {
        case 0: "\(length.components.attoseconds / 1_000_000_000_000_000) ms"
        case ..<120: "\(seconds) s"
        case ..<7_200: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3_600) h"
        default: "\(seconds / 86_400) days"
        }
    }

    // MARK: - For programs

    /// The same as JSON.
    var json: JSONObject {
        [
            "format": 1,
            "health": health,
            "deltas": .integer(deltaCount),
            "storeBytes": .integer(storeBytes),
            "freeBytes": freeBytes.map { .integer($0) } ?? .null,
            "audit": lastAudit.map { audit in
                [
                    "time": audit["time"] ?? .null, "position": audit["position"] ?? .null,
                    "findingCount": audit["findingCount"] ?? .null,
                ]
            } ?? .null,
            "peers": .array(peers.map { .object($0.json) }),
            "refused": .array(refused),
            "attention": .array(
                attention.map {
                    ["code": .string($0.code), "message": .string($0.message), "do": .string($0.remedy)]
                }
            ),
        ]
    }
}

extension Duration {
    /// The length without its direction.
    fileprivate var magnitude: Duration { self < .zero ? .zero - self : self }
}
