import Bytes
import CommandSupport
import RhizomeIdentity
import StrictJSON

/// A peer as the running node tells of it: an item of `/api/peers` (spec: http.md).
struct StatusPeer {
    /// The item, whole.
    let json: JSONObject

    var isSelf: Bool { json["isSelf"] == .bool(true) }
    var name: String { json["name"]?.text?.string ?? "" }
    var state: String { json["state"]?.text?.string ?? "" }
    /// Where this node is to be asked; of others what they told.
    var requestAddress: String? { json["reqAddr"]?.text?.string }
    /// Whether it is known where to look for it.
    var hasAddress: Bool { json["addresses"]?.array?.isEmpty == false }
    /// How far its clock is ahead of ours.
    var clockOffset: Duration? { (json["clockOffsetMicroseconds"]?.integer).map { .microseconds($0) } }
    /// When something came from it last.
    var lastSeen: Timestamp? { (json["lastSeen"]?.integer).map { Timestamp(microseconds: $0) } }

    /// Its line: name, state, how far behind, its clock, and when it was seen.
    func columns(now: Timestamp) -> [String] {
        [
            TerminalText.escaped(name, limitBytes: 64), stateText, progress, clock,
            lastSeen.map { "seen " + TerminalText.ago(max(now - $0, .zero)) } ?? "never seen",
        ]
    }

    private var stateText: String { state == "waitingForTrust" ? "waits for trust" : state }

    /// Who lacks what of the other.
    private var progress: String {
        guard let behind = json["behind"]?.integer, let ahead = json["ahead"]?.integer else { return "not compared" }
        if behind == 0, ahead == 0 { return "in step" }
        let parts = [(behind, "we lack"), (ahead, "it lacks")].filter { $0.0 > 0 }.map { "\($0.1) \($0.0)" }
        return parts.joined(separator: ", ")
    }

    private var clock: String {
        guard let clockOffset else { return "clock unknown" }
        let sign = clockOffset < .zero ? "-" : "+"
        return "clock \(sign)\(StatusReport.length(clockOffset))"
    }
}
