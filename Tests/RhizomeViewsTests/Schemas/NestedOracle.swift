import Bytes
import RhizomeCore
import RhizomeIdentity
import StrictJSON

@testable import RhizomeViews

/// A nested view by the words of schemas.md, from all visible deltas, for the schemas of `NestedViewTests`: it knows no
/// other members of a schema than those have.
struct NestedOracle {
    let visible: VisibleDeltas
    let schemas: [Text: JSONValue]
    let tellsAllMissing: Bool
    var missing: [JSONValue] = []
    var defaulted: [JSONValue] = []
    var violations: [JSONValue] = []

    init(visible: VisibleDeltas, schemas: [Text: JSONValue], tellsAllMissing: Bool) {
        self.visible = visible
        self.schemas = schemas
        self.tellsAllMissing = tellsAllMissing
    }

    mutating func view(of id: Text, _ schema: Text, levels: Int) -> JSONValue? {
        visible.isVisible(id) ? properties(of: id, schema, levels, [], []) : nil
    }

    private func values(_ id: Text, _ property: Text, _ role: Text) -> [Value] {
        visible.deltas(about: id).compactMap { delta in
            guard delta.pointers.contains(where: { $0.target == .entity(id, targetContext: property) }) else {
                return nil
            }
            return delta.pointers.first {
                $0.localContext == role && $0.target != .entity(id, targetContext: property)
            }?.target.value
        }
    }

    private mutating func note(_ at: [Text], _ rule: String, _ value: JSONValue, _ expected: JSONValue) {
        violations.append([
            "at": .array(at.map { .text($0) }), "rule": .string(rule), "value": value, "expected": expected,
        ])
    }

    private mutating func properties(
        of id: Text,
        _ schema: Text,
        _ levels: Int,
        _ path: [[Text]],
        _ at: [Text]
    ) -> JSONValue {
        let document = schemas[schema]?.object ?? [:]
        let path = path + [[id, schema]]
        var shown = JSONObject()
        var age: Int64?
        for member in document["properties"]?.object?.members ?? [] {
            let property = member.value.object ?? [:]
            let here = at + [member.name]
            if property["derived"] != nil {
                // JavaScript makes no number of what isn't there.
                let factor: Int64 = member.name == "double" ? 2 : 4
                if let age { shown.append(member.name, .integer(factor * age)) }
                continue
            }
            if property["type"] == "relation" {
                let deltas = visible.deltas(about: id).filter { delta in
                    delta.pointers.contains { $0 == Pointer("actor", entity: id, targetContext: "roles") }
                }
                let all = deltas.map { composite($0, of: id, levels, path, here) }
                if all.isEmpty { isMissing(property, here) } else { shown.append(member.name, .array(all)) }
                continue
            }
            let said = values(id, member.name, property["role"]?.text ?? member.name).map(\.json)
            var value: JSONValue?
            if property["many"] == true {
                let distinct = said.filter { $0 != .null }.reduce(into: [JSONValue]()) {
                    if !$0.contains($1) { $0.append($1) }
                }
                if !distinct.isEmpty { value = .array(distinct) }
            } else {
                value = property["resolver"] == nil ? said.last : said.first
            }
            guard let value, value != .null else {
                guard let other = property["default"] else {
                    isMissing(property, here)
                    continue
                }
                if tellsAllMissing { isMissing(property, here) }
                defaulted.append(.array(here.map { .text($0) }))
                shown.append(member.name, other)
                continue
            }
            for item in value.array ?? [value] { check(item, property, here) }
            if member.name == "age" { age = value.integer }
            guard property["type"] == "reference" else {
                shown.append(member.name, value)
                continue
            }
            let inverse = property["inverse"]?.text ?? Text("user.\(member.name)")
            let bound = min(levels, property["levels"]?.integer.map { Int($0) } ?? 1)
            let items = (value.array ?? [value]).map { item in
                item.text.map { reference(to: $0, property["schema"]?.text, bound, inverse, path, here) } ?? item
            }
            shown.append(member.name, property["many"] == true ? .array(items) : items[0])
        }
        if document["open"] == false {
            let named = document["properties"]?.object ?? [:]
            for (name, said) in visible.assertions(about: id).sorted(by: { $0.key < $1.key }) where named[name] == nil {
                if let last = said.last?.value, last != .null { note(at + [name], "unexpected", last.json, .null) }
            }
        }
        return .object(shown)
    }

    private mutating func isMissing(_ property: JSONObject, _ at: [Text]) {
        let isRequired = property["required"] == true
        guard isRequired || tellsAllMissing else { return }
        missing.append([
            "at": .array(at.map { .text($0) }), "type": property["type"] ?? "any", "required": .bool(isRequired),
        ])
    }

    private mutating func check(_ value: JSONValue, _ property: JSONObject, _ at: [Text]) {
        let isRight =
            switch property["type"] {
            case "integer": value.integer != nil
            default: value.text != nil
            }
        guard isRight else { return note(at, "type", value, property["type"] ?? .null) }
        if let most = property["max"]?.integer, let number = value.integer, number > most {
            note(at, "max", value, .integer(most))
        }
        if let most = property["maxLength"]?.integer, let text = value.text, text.count > most {
            note(at, "maxLength", value, .integer(most))
        }
    }

    private mutating func reference(
        to id: Text,
        _ schema: Text?,
        _ levels: Int,
        _ inverse: Text,
        _ path: [[Text]],
        _ at: [Text]
    ) -> JSONValue {
        guard levels > 0 else { return ["id": .text(id)] }
        if let schema, path.contains([id, schema]) { return ["id": .text(id), "cycle": true] }
        let isThere = visible.deltas(about: id).contains { delta in
            delta.pointers.contains { $0.entity?.id == id && $0.entity?.targetContext != inverse }
        }
        guard isThere else { return ["id": .text(id), "dangling": true] }
        guard let schema else { return ["id": .text(id)] }
        return ["id": .text(id), "properties": properties(of: id, schema, levels - 1, path, at + [id])]
    }

    private mutating func composite(
        _ delta: ViewedDelta,
        of id: Text,
        _ levels: Int,
        _ path: [[Text]],
        _ at: [Text]
    ) -> JSONValue {
        let name = Text(delta.id.description)
        var roles = JSONObject()
        var films: [JSONValue] = []
        for pointer in delta.pointers where pointer.localContext == "film" {
            guard let film = pointer.entity?.id, film != id else { continue }
            films.append(reference(to: film, "person", min(levels, 1), "film.casting", path, at + [name, "film"]))
        }
        if !films.isEmpty { roles.append("film", .array(films)) }
        if let salary = delta.pointers.first(where: { $0.localContext == "salary" })?.value?.json {
            if salary.integer == nil { note(at + [name, "salary"], "type", salary, "integer") }
            roles.append("salary", salary)
        }
        return [
            "delta": .text(name), "creator": .string(delta.author.did),
            "timeCreated": .integer(delta.timeCreated.microseconds), "roles": .object(roles),
        ]
    }
}
