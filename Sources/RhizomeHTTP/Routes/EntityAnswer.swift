internal import HummingbirdCore
internal import RhizomeViews
internal import StrictJSON

/// `{"id", "properties": {…}}` of an entity that is large, property by property (spec: http.md).
struct EntityAnswer: StreamedAnswer {
    /// The first properties, until they are told.
    private var first: EntityView?
    private var rest: EntityProperties.AsyncIterator
    private var isOver = false

    /// - Parameters:
    ///   - first: the first properties, one at least.
    ///   - rest: those that follow.
    init(_ first: EntityView, _ rest: EntityProperties) {
        self.first = first
        self.rest = rest.makeAsyncIterator()
    }

    var heldBytes: Int {
        // Its JSON is made of it as a whole.
        rest.heldBytes + AnswerBytes.part + 3 * (first?.properties.approximateBytes ?? 0)
    }

    mutating func next() async throws -> [UInt8] {
        if let first {
            self.first = nil
            // All but the two closing braces.
            return first.json.encoded.dropLast(2)
        }
        var bytes: [UInt8] = []
        while !isOver, bytes.count < AnswerBytes.part {
            guard let (name, value) = try await rest.next() else {
                isOver = true
                return bytes + Array("}}".utf8)
            }
            bytes.append(UInt8(ascii: ","))
            bytes.append(json: .text(name))
            bytes.append(UInt8(ascii: ":"))
            bytes.append(json: value)
        }
        return bytes
    }

    /// The answer that tells an entity.
    static func response(_ parts: EntityParts) async throws -> Response {
        guard let rest = parts.rest else { return .json(parts.first.json) }
        return try await .streamed(EntityAnswer(parts.first, rest))
    }
}
