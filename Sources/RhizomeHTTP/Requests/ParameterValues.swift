internal import Bytes
internal import NIOHTTP1

/// The parameters of a request, each read as its route states it.
struct ParameterValues: Sendable {
    private struct Entry: Sendable {
        let location: ParameterLocation
        let name: Text
        let value: any Sendable
    }

    private var entries: [Entry] = []
    /// What the query has that isn't stated, where the route takes that.
    private(set) var others: [Text: Text] = [:]
    private let stated: [any StatedParameter]

    /// Reads what a request has of the parameters that its route states.
    ///
    /// - Parameters:
    ///   - path: the variable parts, which are all there.
    ///   - stated: those of query and header.
    /// - Throws: 400 with the parameter's name: also for one of the query that isn't stated, which is refused rather
    ///   than left out of account.
    init(
        path: [(parameter: any StatedParameter, text: Text)],
        query: [Text: Text],
        headers: HTTPHeaders,
        stated: [any StatedParameter]
    ) throws(APIError) {
        self.stated = stated
        for (parameter, text) in path { try read(parameter, text) }
        // In order, so that the same query gets the same answer.
        for (name, text) in query.sorted(by: { $0.key < $1.key }) {
            let own = stated.first { $0.location == .query && $0.name == name && !$0.takesOthers }
            guard let parameter = own else {
                if stated.contains(where: \.takesOthers) {
                    others[name] = text
                    continue
                }
                throw .badInput("there is no such parameter here", field: name.string)
            }
            try read(parameter, text)
        }
        for parameter in stated where parameter.location == .header {
            // Several fields of a name are one list (RFC 9110 §5.3).
            let fields = headers[canonicalForm: parameter.name.string]
            if !fields.isEmpty { try read(parameter, Text(fields.joined(separator: ", "))) }
        }
    }

    private mutating func read(_ parameter: some StatedParameter, _ text: Text) throws(APIError) {
        entries.append(Entry(location: parameter.location, name: parameter.name, value: try parameter.read(text)))
    }

    /// The value of a parameter; `nil` where the request has none.
    ///
    /// The caller promises that the route states it: what isn't stated would never be there.
    func value<Value>(of parameter: some StatedParameter<Value>) -> Value? {
        let entry = entries.first { $0.location == parameter.location && $0.name == parameter.name }
        guard let entry else {
            precondition(
                stated.contains { $0.location == parameter.location && $0.name == parameter.name },
                "the route states the parameter \(parameter.name)"
            )
            return nil
        }
        guard let value = entry.value as? Value else {
            preconditionFailure("the route states the parameter \(parameter.name) with a value of this type")
        }
        return value
    }
}
