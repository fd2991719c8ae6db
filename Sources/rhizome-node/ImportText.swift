import Bytes
import RhizomeCore
import RhizomeDatabase
import StrictJSON

/// What became of an import, for people and for programs.
struct ImportText {
    let outcome: DeltaImport.Outcome
    let fault: SignedDeltaSequence.Fault?

    /// Decisions, those of one kind by the names of their reasons.
    private var decisions: [(decision: Decision, count: Int64)] {
        outcome.counts.map { ($0.key, $0.value) }.sorted {
            ($0.decision.name, $0.decision.reason ?? "") < ($1.decision.name, $1.decision.reason ?? "")
        }
    }

    /// A line for each decision and reason, with what can be done.
    var lines: [String] {
        let lines = decisions.map { decision, count in
            let deltas = AuditText.counted(count, "delta")
            return switch decision {
            case .accept: "\(deltas) taken in"
            case .duplicate: "\(deltas) held already"
            case .defer(.unknownAuthor):
                "\(deltas) not taken in: the author isn't trusted; rhizome-keys trust, and import again"
            case .defer(.gap): "\(deltas) not taken in: what comes before isn't held; import that first"
            case .defer(.future): "\(deltas) not taken in: dated more than 5 minutes ahead; import again later"
            case .reject(let reason): "\(deltas) refused: \(reason.rawValue)"
            }
        }
        return lines.isEmpty ? ["nothing to take in"] : lines
    }

    /// The last line of JSON.
    var json: JSONObject {
        func reasons(_ name: String) -> JSONValue {
            var object = JSONObject()
            for (decision, count) in decisions where decision.name == name {
                object.append(Text(decision.reason ?? ""), .integer(count))
            }
            return .object(object)
        }
        return [
            "format": .integer(1),
            "accepted": .integer(outcome.counts[.accept, default: 0]),
            "duplicate": .integer(outcome.counts[.duplicate, default: 0]),
            "deferred": reasons("defer"),
            "rejected": reasons("reject"),
            "bytes": .integer(outcome.offset),
            "whole": .bool(fault == nil),
        ]
    }
}
