internal import Bytes
internal import StrictJSON

/// A rule by which a property is computed of others (spec: schemas.md, `derived`).
struct DerivedRule: Sendable {
    let rule: JSONLogicRule
    /// The properties that it reads.
    let properties: [Text]

    /// Compiles a rule, and finds out what it reads.
    ///
    /// - Throws: ``FieldError`` where a `var` doesn't name a property as a constant; ``JSONLogicError``.
    init(_ json: JSONValue, field: String) throws {
        rule = try JSONLogicRule(json)
        var names: [Text] = []
        try Self.collect(json, field: field, isItem: false, &names)
        properties = names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// Rules nest at most as deep as ``JSONLogicRule`` takes.
    ///
    /// - Parameter isItem: whether `var` means an item of an array there, and not a property.
    private static func collect(
        _ json: JSONValue,
        field: String,
        isItem: Bool,
        _ names: inout [Text]
    ) throws(FieldError) {
        switch json {
        case .array(let items):
            for item in items { try collect(item, field: field, isItem: isItem, &names) }
        case .object(let object):
            guard object.count == 1, let member = object.members.first else { return }
            if member.name == "var" || member.name == "missing" || member.name == "missing_some" {
                if !isItem { try names.append(contentsOf: read(member.name, member.value, field: field)) }
                // What stands in where nothing is found may read others.
                guard member.name == "var", let items = member.value.array else { return }
                for item in items.dropFirst() { try collect(item, field: field, isItem: isItem, &names) }
            } else if JSONLogicIteration(rawValue: member.name.string) != nil || member.name == "reduce",
                let items = member.value.array
            {
                // The rule that is applied to each item sees the item alone.
                for (index, item) in items.enumerated() {
                    try collect(item, field: field, isItem: isItem || index == 1, &names)
                }
            } else {
                try collect(member.value, field: field, isItem: isItem, &names)
            }
        default: break
        }
    }

    private static func read(_ name: Text, _ value: JSONValue, field: String) throws(FieldError) -> [Text] {
        func constant(_ json: JSONValue?) throws(FieldError) -> Text {
            guard let text = json?.text, let first = text.string.split(separator: ".", maxSplits: 1).first else {
                throw FieldError(.value, field: field, "what a derived property reads is named as a constant text")
            }
            return Text(String(first))
        }
        switch name {
        case "var": return [try constant(value.array.map { $0.first } ?? value)]
        case "missing":
            var names: [Text] = []
            for item in value.array ?? [value] { names.append(try constant(item)) }
            return names
        default:
            guard let items = value.array, items.count == 2, let keys = items[1].array else {
                throw FieldError(.value, field: field, "what a derived property reads is named as a constant text")
            }
            var names: [Text] = []
            for item in keys { names.append(try constant(item)) }
            return names
        }
    }
}
