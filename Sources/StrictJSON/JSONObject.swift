public import Bytes

/// The members of a JSON object, in the order in which they were written.
///
/// Equal objects have the same members in the same order: what is written is deterministic.
public struct JSONObject: Hashable, Sendable {
    /// A name with its value.
    public struct Member: Hashable, Sendable {
        /// The name, once in an object.
        public let name: Text
        /// The value.
        public let value: JSONValue
    }

    /// The members in order, each name once.
    public private(set) var members: [Member] = []

    /// An object without members.
    public init() {}

    /// How many members there are.
    public var count: Int { members.count }

    /// Adds a member at the end.
    ///
    /// The caller promises that the name is new; debug builds check it for the first members.
    public mutating func append(_ name: Text, _ value: JSONValue) {
        assert(members.count >= 32 || self[name] == nil, "a name occurs once in an object")
        members.append(Member(name: name, value: value))
    }

    /// The value of a member, or `nil` where the object has none of that name.
    ///
    /// - Complexity: O(count).
    public subscript(name: Text) -> JSONValue? {
        members.first { $0.name == name }?.value
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// An object written in the source, in that order.
    public init(dictionaryLiteral elements: (Text, JSONValue)...) {
        for (name, value) in elements { append(name, value) }
    }
}
