import Bytes
import CommandSupport
import RhizomeIdentity
import SignedStatements
import StrictJSON

/// Entries and statements of the trusted-peer list, as text and as JSON.
enum EntryText {
    /// One line about an entry.
    ///
    /// - Parameter name: the one that a distrusted peer last had.
    static func line(_ entry: TrustEntry, lastName name: String? = nil) -> String {
        ([entry.name ?? name, entry.identity.did].compactMap { $0 } + details(entry.change)).joined(separator: "  ")
    }

    /// A row about an entry, for columns that line up: name, did, and the rest.
    ///
    /// - Parameter name: the one that a distrusted peer last had.
    static func row(_ entry: TrustEntry, lastName name: String?) -> [String] {
        [entry.name ?? name ?? "-", entry.identity.did, details(entry.change).joined(separator: "  ")]
    }

    private static func details(_ change: TrustChange) -> [String] {
        var details = terms(change) + origin(change)
        if let note = change.note { details.append("note \"\(TerminalText.escaped(note))\"") }
        if let reason = change.reason { details.append("reason \"\(TerminalText.escaped(reason))\"") }
        return details
    }

    /// What an entry grants or leaves.
    static func terms(_ change: TrustChange) -> [String] {
        guard change.action != .distrust else { return [text(of: change.keep)] }
        var terms = [text(of: change.may)]
        if !change.addresses.isEmpty {
            terms.append("at " + change.addresses.map(\.description).joined(separator: ","))
        }
        if let until = change.until { terms.append("until " + until.description) }
        if let expires = change.expires { terms.append("expires " + expires.description) }
        if change.needsConfirmation { terms.append("to be confirmed") }
        if let invitation = change.invitation { terms.append("by invitation " + invitation.short) }
        return terms
    }

    /// Who had the node state it by itself, and by which delta.
    ///
    /// - Parameter name: what the introducer is called.
    static func origin(_ change: TrustChange, introducerName name: String? = nil) -> [String] {
        guard let introducer = change.introducedBy else { return [] }
        let text = "introduced by \(name ?? introducer.short)"
        return [text + (change.introduction.map { " in \(Hex.encode($0.array).prefix(12))" } ?? "")]
    }

    /// `may author,connect`.
    static func text(of may: Set<Permission>) -> String {
        "may " + (may.isEmpty ? "nothing" : permissions(may).joined(separator: ","))
    }

    /// `keep none`.
    static func text(of keep: Keep) -> String {
        switch keep {
        case .all: "keep all"
        case .none: "keep none"
        case .ids(let ids): "keep " + ids.map { Hex.encode($0.array) }.joined(separator: ",")
        }
    }

    private static func permissions(_ may: Set<Permission>) -> [String] { may.map(\.rawValue).sorted() }

    /// An entry as JSON: all members each time, null where there is nothing to say.
    static func json(_ entry: TrustEntry, lastName: String?, now: Timestamp) -> JSONValue {
        var object = members(entry.change)
        object.append("lastName", optional(lastName))
        object.append("expired", .bool(entry.action == .trust && !entry.isTrusted(at: now)))
        object.append("time", .integer(entry.time.microseconds))
        object.append("statement", .string(Hex.encode(entry.statement.array)))
        return .object(object)
    }

    /// A statement of the journal as JSON.
    static func json(_ statement: TrustStatement) -> JSONValue {
        var object: JSONObject = [
            "sequence": .integer(statement.sequence),
            "id": .string(Hex.encode(statement.id.array)),
            "previous": statement.previous.map { .string(Hex.encode($0.array)) } ?? .null,
            "time": .integer(statement.time.microseconds),
        ]
        for member in members(statement.change).members { object.append(member.name, member.value) }
        return .object(object)
    }

    private static func members(_ change: TrustChange) -> JSONObject {
        let isDistrust = change.action == .distrust
        return [
            "did": .string(change.identity.did),
            "name": optional(change.name),
            "action": .string(change.action.rawValue),
            "addresses": .array(change.addresses.map { .string($0.description) }),
            "may": .array(permissions(change.may).map { .string($0) }),
            "until": change.until.map { .integer($0.microseconds) } ?? .null,
            "note": optional(change.note),
            "keep": isDistrust ? json(change.keep) : .null,
            "reason": optional(change.reason),
            "invitation": optional(change.invitation?.did),
            "expires": change.expires.map { .integer($0.microseconds) } ?? .null,
            "confirm": .bool(change.needsConfirmation),
            "introducedBy": optional(change.introducedBy?.did),
            "introduction": optional(change.introduction.map { Hex.encode($0.array) }),
        ]
    }

    private static func json(_ keep: Keep) -> JSONValue {
        switch keep {
        case .all: "all"
        case .none: "none"
        case .ids(let ids): .array(ids.map { .string(Hex.encode($0.array)) })
        }
    }

    private static func optional(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
}
