import Bytes
import CommandSupport
import RhizomeCore
import RhizomeIdentity
import RhizomeProof
import SignedStatements
import StrictJSON

/// What checking an export came to, for people and for programs.
struct ExportVerificationText {
    let verification: ExportVerification
    let fault: SignedDeltaSequence.Fault?

    /// Whether all holds.
    var isValid: Bool { fault == nil && verification.faultCount == 0 }

    private var authors: [(key: PublicKey, value: ExportVerification.Author)] {
        verification.authors.sorted { $0.key < $1.key }
    }

    /// The outcome in lines.
    var lines: [String] {
        var lines = [
            "\(AuditText.counted(verification.count, "delta")) by \(AuditText.counted(authors.count, "author"))"
        ]
        for (key, author) in authors {
            let deltas = AuditText.counted(author.count, "delta")
            lines.append("  \(key.did): \(deltas), dated \(author.firstTime) to \(author.lastTime)")
        }
        for fault in verification.faults {
            lines.append("delta \(fault.place) doesn't hold: \(TerminalText.escaped(fault.message))")
        }
        if verification.faultCount == 0 {
            lines.append("ok: every signature is its author's, and each body was signed")
        }
        lines.append(
            "not shown by an export: that nothing was left out, whose keys these are, when it was really written"
        )
        return lines
    }

    /// The outcome as JSON.
    var json: JSONObject {
        [
            "format": .integer(1),
            "valid": .bool(isValid),
            "deltas": .integer(verification.count),
            "authors": .array(
                authors.map { key, author in
                    [
                        "author": .string(key.did), "deltas": .integer(author.count),
                        "first": .integer(author.firstTime.microseconds),
                        "last": .integer(author.lastTime.microseconds),
                    ]
                }
            ),
            "faultCount": .integer(verification.faultCount),
            "faults": .array(
                verification.faults.map { ["delta": .integer($0.place), "message": .string($0.message)] }
            ),
            "whole": .bool(fault == nil),
        ]
    }
}
