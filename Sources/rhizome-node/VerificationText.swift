import Bytes
import CommandSupport
import RhizomeCore
import RhizomeIdentity
import RhizomeProof
import SignedStatements
import StrictJSON

/// What checking a proof came to, for people and for programs.
struct VerificationText {
    /// A value that is shown whole.
    private static let shownBytes = 64 << 10

    let verification: ProofVerification

    init(_ verification: ProofVerification) { self.verification = verification }

    private static func name(of check: ProofVerification.Check) -> String {
        switch check {
        case .form: "the form is that of a proof, byte for byte"
        case .signatures: "every signature is its author's"
        case .bodies: "every body is the one that was signed"
        case .links: "every delta is linked to a stated head of its author's log"
        case .completeness: "nothing at or below the stated heads is left out"
        case .values: "the values follow from the deltas"
        }
    }

    private func line(of check: ProofVerification.Check) -> String {
        if check == .completeness, verification.proof?.claim.isComplete == false {
            return "not claimed: that nothing at or below the stated heads is left out"
        }
        return "ok: \(Self.name(of: check))"
    }

    private static func text(of property: ProofClaim.Property) -> String {
        guard property.value.count <= shownBytes, let value = property.json else {
            return "a value of \(property.value.count) bytes"
        }
        return TerminalText.escaped(value.description)
    }

    private static func authors(_ keys: [PublicKey]) -> String { keys.map(\.did).joined(separator: ", ") }

    /// How the maker looked, where that isn't as plainly as can be.
    private static func lines(of perspective: ProofPerspective) -> [String] {
        var lines: [String] = []
        if let asOf = perspective.asOf { lines.append("as of \(asOf)") }
        if let authors = perspective.authors { lines.append("by these authors alone: \(Self.authors(authors))") }
        if !perspective.without.isEmpty { lines.append("without \(Self.authors(perspective.without))") }
        if !perspective.moderators.isEmpty { lines.append("moderated by \(Self.authors(perspective.moderators))") }
        for filter in perspective.filters { lines.append("through the filter \(TerminalText.escaped(filter.string))") }
        for part in perspective.kept {
            lines.append("of \(part.author.did) only what is at or below \(part.ids.count) deltas")
        }
        if let trusted = perspective.trusted { lines.append("by whom the maker trusted: \(Self.authors(trusted))") }
        return lines
    }

    /// The outcome in lines.
    var lines: [String] {
        var lines: [String] = []
        if let proof = verification.proof {
            let claim = proof.claim
            let place = claim.collection.map { "\($0.string)/" } ?? ""
            lines.append("claimed of \(TerminalText.escaped(place + claim.entity.string)):")
            for property in claim.properties {
                let name = TerminalText.escaped(property.name.string)
                let resolver = TerminalText.escaped(property.resolver.string)
                lines.append("  \(name) = \(Self.text(of: property))  (\(resolver))")
            }
            lines += Self.lines(of: claim.perspective).map { "  " + $0 }
            lines.append("from:")
            for delta in proof.deltas {
                lines.append("  \(delta.id) by \(delta.author.did), dated \(delta.header.timeCreated)")
            }
        }
        lines += verification.passed.map { line(of: $0) }
        if let error = verification.error {
            lines.append("FAILED: \(TerminalText.escaped(error.message))")
        } else {
            lines += Self.limits
        }
        return lines
    }

    /// What no proof shows.
    private static let limits = [
        "It can't show that others said nothing, or that nothing newer exists; whose keys these are; when the deltas were",
        "really written; or who made the proof.",
    ]

    /// The outcome as JSON.
    var json: JSONObject {
        [
            "format": 1,
            "valid": .bool(verification.isValid),
            "passed": .array(verification.passed.map { .string($0.rawValue) }),
            "error": verification.error.map { ["code": .string($0.code.rawValue), "message": .string($0.message)] }
                ?? .null,
            "claim": verification.proof.map { .object(Self.json($0.claim)) } ?? .null,
            "deltas": .array(verification.proof?.deltas.map { .string($0.id.description) } ?? []),
        ]
    }

    private static func json(_ claim: ProofClaim) -> JSONObject {
        [
            "id": .text(claim.entity),
            "collection": claim.collection.map { .text($0) } ?? .null,
            "properties": .array(
                claim.properties.map { property in
                    [
                        "property": .text(property.name),
                        "value": property.value.count <= shownBytes ? property.json ?? .null : .null,
                        "valueBytes": .integer(Int64(property.value.count)),
                        "resolver": .text(property.resolver),
                    ]
                }
            ),
            "perspective": .object(json(claim.perspective)),
            "complete": .bool(claim.isComplete),
            "heads": .array(
                claim.heads.map { heads in
                    [
                        "author": .string(heads.author.did),
                        "ids": .array(heads.ids.map { .string($0.description) }),
                    ]
                }
            ),
            "made": .integer(claim.made.microseconds),
            "maker": claim.maker.map { .string($0.did) } ?? .null,
        ]
    }

    private static func json(_ perspective: ProofPerspective) -> JSONObject {
        func dids(_ keys: [PublicKey]) -> JSONValue { .array(keys.map { .string($0.did) }) }
        return [
            "asOf": perspective.asOf.map { .integer($0.microseconds) } ?? .null,
            "authors": perspective.authors.map(dids) ?? .null,
            "moderators": dids(perspective.moderators),
            "without": dids(perspective.without),
            "filters": .array(perspective.filters.map { .text($0) }),
            "kept": .array(
                perspective.kept.map { part in
                    [
                        "author": .string(part.author.did),
                        "ids": .array(part.ids.map { .string($0.description) }),
                    ]
                }
            ),
            "trusted": perspective.trusted.map(dids) ?? .null,
        ]
    }
}
