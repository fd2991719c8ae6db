import Bytes
import CommandSupport
import RhizomeIdentity
import SignedStatements

/// The journal for people: of each statement what it changed in its subject's entry.
enum HistoryText {
    /// A row for each statement: number, time, action, name, did, effect and why.
    static func rows(_ statements: [TrustStatement]) -> [[String]] {
        var last: [PublicKey: TrustChange] = [:]
        var names: [PublicKey: String] = [:]
        return statements.map { statement in
            let change = statement.change
            let before = last.updateValue(change, forKey: change.identity)
            if let name = change.name { names[change.identity] = name }
            let origin = EntryText.origin(change, introducerName: change.introducedBy.flatMap { names[$0] })
            let parts = effects(of: change, after: before) + origin + why(change, after: before)
            return [
                "\(statement.sequence)", statement.time.description, change.action.rawValue,
                names[change.identity] ?? "-", change.identity.did, parts.joined(separator: "; "),
            ]
        }
    }

    private static func effects(of change: TrustChange, after before: TrustChange?) -> [String] {
        switch change.action {
        case .distrust:
            var effects = [effect(of: change.keep)]
            if before?.action == .distrust { effects.insert("again", at: 0) }
            return effects
        case .invite: return EntryText.terms(change)
        case .trust:
            guard let before, before.action == .trust else {
                return (before == nil ? [] : ["trusted again"]) + EntryText.terms(change)
            }
            let effects = differences(from: before, to: change)
            return effects.isEmpty && change.note == before.note ? ["nothing else than before"] : effects
        }
    }

    private static func effect(of keep: Keep) -> String {
        switch keep {
        case .all: "keep all: what is held stays in views, nothing more is taken"
        case .none: "keep none: views drop all of it, nothing more is taken"
        case .ids: EntryText.text(of: keep) + ": these and all before them stay in views, nothing more is taken"
        }
    }

    private static func differences(from before: TrustChange, to change: TrustChange) -> [String] {
        var effects: [String] = []
        if change.name != before.name, let name = before.name { effects.append("was called \(name)") }
        if change.may != before.may {
            effects.append("\(EntryText.text(of: change.may)), before \(EntryText.text(of: before.may))")
        }
        if change.addresses != before.addresses {
            let addresses = change.addresses.map(\.description).joined(separator: ",")
            effects.append(addresses.isEmpty ? "no address any more" : "at \(addresses)")
        }
        if change.until != before.until { effects.append(change.until.map { "until \($0)" } ?? "without an end") }
        if before.introducedBy != nil, change.introducedBy == nil { effects.append("by your own word now") }
        return effects
    }

    private static func why(_ change: TrustChange, after before: TrustChange?) -> [String] {
        if let reason = change.reason { return ["reason \"\(TerminalText.escaped(reason))\""] }
        guard change.note != before?.note || before?.action != change.action else { return [] }
        if let note = change.note { return ["note \"\(TerminalText.escaped(note))\""] }
        return before?.note == nil || change.action == .distrust ? [] : ["no note any more"]
    }
}
