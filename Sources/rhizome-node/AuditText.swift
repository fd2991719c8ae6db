import Bytes
import CommandSupport
import RhizomeCore
import RhizomeIdentity
import RhizomeStore
import SignedStatements
import StrictJSON

/// An audit's report, for people and for programs.
struct AuditText {
    let report: AuditReport
    /// Up to which position an earlier audit is believed; 0 where none is.
    let since: Int64
    /// Names the store in which positions mean something.
    let epoch: [UInt8]
    /// What was found at openings of the store, findings or not.
    let incidents: [StoreIncident]
    let trust: TrustList
    let now: Timestamp

    private func name(of author: PublicKey) -> String? {
        author == trust.owner ? "this identity" : trust.entries[author]?.name
    }

    /// How the author stands now: `own`, `trusted`, `distrusted` or `unknown`.
    private func standing(of author: PublicKey) -> String {
        trust.standing(of: author, at: now).name
    }

    /// `1 delta`, `2 deltas`.
    static func counted(_ count: some BinaryInteger, _ noun: String) -> String {
        count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
    }

    /// The report in lines.
    var lines: [String] {
        var lines = ["\(Self.counted(report.count, "delta")) by \(Self.counted(report.authors.count, "author"))"]
        if since > 0 {
            let later = Self.counted(max(0, report.count - since), "delta")
            lines.append("verified: \(later) after position \(since); what came before is believed")
        }
        for author in report.authors {
            let title = name(of: author.author).map { "\($0) (\(author.author.short)…)" } ?? author.author.did
            lines.append(TerminalText.bold(TerminalText.escaped(title)))
            let (first, last) = (author.firstTime.description, author.lastTime.description)
            let made = first == last ? first : "from \(first) to \(last)"
            lines.append(
                "  \(Self.counted(author.count, "delta")), made \(made); \(standing(of: author.author))"
            )
            lines.append(
                author.firstFinding.map { "  broken: \(TerminalText.escaped($0.description))" }
                    ?? "  complete and verified"
            )
            for fork in author.forks {
                lines.append(
                    "  fork at sequence \(fork.sequence): \(fork.ids.map(\.description).joined(separator: ", "))"
                )
            }
            if author.unsearchedForkCount > 0 {
                let places = Self.counted(author.unsearchedForkCount, "more place")
                lines.append("  \(places) where it may fork: too tangled to be looked into")
            }
            for stall in author.stalls { lines.append("  fits nowhere (\(stall.reason.rawValue)): \(stall.id)") }
            if author.unlistedCount > 0 {
                let unlisted = Self.counted(author.unlistedCount, "delta")
                lines.append("  \(unlisted) let in by no statement of this home's list, as it was when they came")
            }
            if author.aheadCount > 0 {
                let ahead = Self.counted(author.aheadCount, "delta")
                lines.append("  \(ahead) dated more than 5 minutes after their arrival")
            }
            if let lead = author.lead(over: now) { lines.append("  " + leading(author, by: lead)) }
        }
        if report.clockWentBackCount > 0 {
            let times = Self.counted(report.clockWentBackCount, "time")
            lines.append("this node's clock went back \(times) between two arrivals")
        }
        for incident in incidents {
            let message = TerminalText.escaped(incident.message)
            lines.append("at the opening of \(incident.time): \(message)")
        }
        for finding in report.findings { lines.append("finding: \(TerminalText.escaped(finding.description))") }
        lines += advice.map { "\($0.code.rawValue): \($0.meaning)" }
        lines.append(report.findingCount == 0 ? "no finding" : Self.counted(report.findingCount, "finding"))
        return lines
    }

    /// What each kind of finding means and what to do about it, for those that there are.
    private var advice: [(code: AuditFinding.Code, meaning: String)] {
        let codes = Set(report.findings.map(\.code))
        return AuditFinding.Code.allCases.filter(codes.contains).map { ($0, Self.meaning(of: $0)) }
    }

    private static func meaning(of code: AuditFinding.Code) -> String {
        switch code {
        case .positionGap: "entries were taken out; what peers hold of them comes back into a new store"
        case .runningHash:
            "what came when, or through whom, was changed: a new store has the deltas, with the times at which they come back"
        case .duplicate: "somebody put an entry in twice; a new store has it once"
        case .undecodable, .idMismatch, .signature, .bodyMismatch:
            "these bytes aren't what the author signed: somebody or a failing disk changed them (see: dmesg, smartctl); the "
                + "delta is whole where a peer holds it"
        case .missingPrevious, .chain, .timeOrder:
            "what is held of this log isn't what admission let in; a new store takes in what fits, from peers"
        case .stall: "a note that keeps a delta out is false; in a new store it is gone"
        case .unacceptableAuthor: "nobody can have signed by this key; admission wouldn't have let it in"
        case .index:
            "what finds deltas doesn't fit them, so views may show less or more than was said; a new store has it right"
        case .database: "the file is damaged (see: dmesg, smartctl), or somebody changed how it is built"
        case .witness:
            "the store isn't the one that this node wrote last; if you put a backup back, start the node: it takes note, and "
                + "goes on"
        }
    }

    private func leading(_ author: AuthorAudit, by lead: Duration) -> String {
        let text = "the last is dated \(lead.components.seconds) s ahead of this clock"
        guard author.author == trust.owner else { return text }
        return text + "; set the clock right (timedatectl), or nothing can be written before "
            + "\(now + lead - DeltaLimits.ahead)"
    }

    /// What a node shows of its last audit: per author how much is held and whether it is whole.
    var summary: JSONObject {
        [
            "format": .integer(1),
            "time": .integer(now.microseconds),
            "epoch": .string(Hex.encode(epoch)),
            "position": .integer(report.count),
            "since": .integer(since),
            "findingCount": .integer(report.findingCount),
            "authors": .array(
                report.authors.map { author in
                    var json = head(author)
                    json.append("forks", .integer(Int64(author.forks.count)))
                    json.append("stalled", .integer(Int64(author.stalls.count)))
                    return .object(json)
                }
            ),
        ]
    }

    /// The report as JSON.
    var json: JSONObject {
        [
            "format": .integer(1),
            "epoch": .string(Hex.encode(epoch)),
            "since": .integer(since),
            "deltas": .integer(report.count),
            "authors": .array(report.authors.map { .object(json($0)) }),
            "clockWentBack": .integer(report.clockWentBackCount),
            "incidents": .array(
                incidents.map { incident in
                    [
                        "code": .string(incident.code.rawValue), "time": .integer(incident.time.microseconds),
                        "message": .string(incident.message),
                    ]
                }
            ),
            "findingCount": .integer(report.findingCount),
            "findings": .array(report.findings.map { .object(json($0)) }),
        ]
    }

    /// What is told of an author in short.
    private func head(_ author: AuthorAudit) -> JSONObject {
        [
            "author": .string(author.author.did),
            "name": name(of: author.author).map { .string($0) } ?? .null,
            "trust": .string(standing(of: author.author)),
            "deltas": .integer(author.count),
            "first": .integer(author.firstTime.microseconds),
            "last": .integer(author.lastTime.microseconds),
            "complete": .bool(author.isComplete),
        ]
    }

    private func json(_ author: AuthorAudit) -> JSONObject {
        let more: JSONObject = [
            "broken": author.firstFinding.map { .object(json($0)) } ?? .null,
            "forks": .array(
                author.forks.map { fork in
                    [
                        "sequence": .integer(fork.sequence),
                        "ids": .array(fork.ids.map { .string($0.description) }),
                    ]
                }
            ),
            "forksUnsearched": .integer(author.unsearchedForkCount),
            "stalled": .array(
                author.stalls.map { ["id": .string($0.id.description), "reason": .string($0.reason.rawValue)] }
            ),
            "unlisted": .integer(author.unlistedCount),
            "ahead": .integer(author.aheadCount),
            "aheadOfClock": author.lead(over: now).map { .integer($0.microseconds) } ?? .null,
        ]
        var whole = head(author)
        for member in more.members { whole.append(member.name, member.value) }
        return whole
    }

    private func json(_ finding: AuditFinding) -> JSONObject {
        [
            "code": .string(finding.code.rawValue),
            "position": finding.position.map { .integer($0) } ?? .null,
            "author": finding.author.map { .string($0.did) } ?? .null,
            "message": .string(finding.message),
        ]
    }
}
