internal import Bytes
internal import StrictJSON

/// The values that stand in for `{"param": NAME}`.
struct QueryParameters {
    let values: [Text: JSONValue]
    /// What stands in for those that aren't given, where they are to come later.
    private let others: JSONValue?

    /// Parameters.
    ///
    /// - Parameter others: what stands in for those that aren't given; they are a fault where `nil`.
    /// - Throws: ``QueryFault`` for a value that holds an object: in a rule it would be an operator.
    init(_ values: [Text: JSONValue], others: JSONValue? = nil) throws(QueryFault) {
        for (name, value) in values.sorted(by: { $0.key < $1.key }) where Self.holdsObject(value) {
            throw QueryFault(at: [.member("params"), .member(name)], "a parameter's value holds no objects")
        }
        self.values = values
        self.others = others
    }

    /// Values nest as deep as the JSON was allowed to.
    private static func holdsObject(_ json: JSONValue) -> Bool {
        switch json {
        case .object: true
        case .array(let items): items.contains { holdsObject($0) }
        default: false
        }
    }

    /// A value with those of the parameters that it names in their places.
    ///
    /// Calls itself once for each level, which the reader of JSON limits.
    ///
    /// - Throws: ``QueryFault`` where it names one that isn't given.
    func filled(_ json: JSONValue, at place: QueryParser.Place) throws(QueryFault) -> JSONValue {
        switch json {
        case .array(let items):
            var filled: [JSONValue] = []
            for (index, item) in items.enumerated() { filled.append(try self.filled(item, at: place + [.item(index)])) }
            return .array(filled)
        case .object(let object):
            if object.count == 1, let name = object["param"] {
                guard let name = name.text, let value = values[name] ?? others else {
                    let told = name.text?.told ?? ""
                    throw QueryFault(
                        at: place + [.member("param")],
                        "the parameter \"\(told)\" isn't given in \"params\""
                    )
                }
                return value
            }
            var filled = JSONObject()
            for member in object.members {
                filled.append(member.name, try self.filled(member.value, at: place + [.member(member.name)]))
            }
            return .object(filled)
        default: return json
        }
    }
}
