import Bytes
import CommandSupport
import RhizomeCore
import RhizomeViews
import StrictJSON

/// What a delta says, for people.
enum DeltaText {
    /// Statements that one line tells; of the others their number.
    private static let told = 3

    /// What pointers say, in one line.
    static func summary(of pointers: [Pointer]) -> String {
        var parts: [String] = []
        for id in pointers.negates { parts.append("retracts \(short(id))") }
        for pointer in pointers {
            guard let (entity, property) = pointer.entity, !ControlName.isReserved(pointer.localContext) else {
                continue
            }
            let place = EntityArgument.encoded(pointer.localContext) + "/" + EntityArgument.encoded(entity)
            let name = TerminalText.escaped(property.string, limitBytes: 64)
            let value = pointers.value(of: property, entity: entity).map { " = " + ValueText.column($0.json) } ?? ""
            parts.append("\(TerminalText.escaped(place, limitBytes: 128)) \(name)\(value)")
        }
        if parts.isEmpty { parts = pointers.map { line(of: $0) } }
        let more = parts.count - told
        return parts.prefix(told).joined(separator: ", ") + (more > 0 ? ", and \(more) more" : "")
    }

    /// A delta in one line: which it is, when and by whom, and what it says.
    static func line(_ stored: StoredDelta, in store: ReadStore, now: Timestamp) -> String {
        let delta = stored.delta
        let columns = store.columns(of: delta.id, by: delta.author, at: delta.header.timeCreated, now: now)
        return columns + "  " + summary(of: delta.body.pointers)
    }

    /// A delta as one line of JSON Lines.
    static func json(_ stored: StoredDelta, in store: ReadStore) -> JSONObject {
        var json: JSONObject = ["format": 1]
        for member in stored.json.members { json.append(member.name, member.value) }
        json.append("name", store.petname(of: stored.delta.author).map { .string($0) } ?? .null)
        json.append("position", .integer(stored.position))
        return json
    }

    /// The digits of an id that people are shown.
    static func short(_ id: DeltaID) -> String { String(id.description.prefix(12)) }

    /// A pointer in one line.
    static func line(of pointer: Pointer) -> String {
        let name = TerminalText.escaped(pointer.localContext.string, limitBytes: 128)
        switch pointer.target {
        case .value(let value): return "\(name): \(TerminalText.escaped(value.json.description))"
        case .entity(let id, let context):
            let target = TerminalText.escaped(id.string, limitBytes: 256)
            return "\(name): \(target) (its \(TerminalText.escaped(context.string, limitBytes: 128)))"
        }
    }
}
