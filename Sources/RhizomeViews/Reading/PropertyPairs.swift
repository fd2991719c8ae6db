public import Bytes
public import StrictJSON

/// An entity's properties one after the other, by the bytes of their names: few are in memory at a time.
public struct PropertyStream: Sendable {
    private var first: ArraySlice<JSONObject.Member>
    private var rest: EntityProperties.AsyncIterator?

    /// The properties of an entity; none where it isn't visible.
    public init(_ parts: EntityParts?) {
        first = (parts?.first.properties.members ?? [])[...]
        rest = parts?.rest?.makeAsyncIterator()
    }

    /// The next property; `nil` at the end.
    ///
    /// - Throws: as ``EntityProperties/AsyncIterator/next()``.
    public mutating func next() async throws -> EntityProperties.Element? {
        if let member = first.popFirst() { return (member.name, member.value) }
        return try await rest?.next()
    }
}

/// Two entities' properties side by side, as of one that is seen in two ways.
public struct PropertyPairs: Sendable {
    private var left: PropertyStream
    private var right: PropertyStream
    private var nextLeft: EntityProperties.Element?
    private var nextRight: EntityProperties.Element?
    private var hasBegun = false

    /// Pairs of which none was asked for.
    public init(_ left: PropertyStream, _ right: PropertyStream) {
        self.left = left
        self.right = right
    }

    /// The next property of either with the value that it has in each; `nil` at the end.
    ///
    /// - Throws: as ``PropertyStream/next()``.
    public mutating func next() async throws -> (name: Text, left: JSONValue?, right: JSONValue?)? {
        if !hasBegun {
            hasBegun = true
            nextLeft = try await left.next()
            nextRight = try await right.next()
        }
        let names = [nextLeft?.name, nextRight?.name].compactMap { $0 }
        guard let name = names.min() else { return nil }
        var pair: (name: Text, left: JSONValue?, right: JSONValue?) = (name, nil, nil)
        if let next = nextLeft, next.name == name {
            pair.left = next.value
            nextLeft = try await left.next()
        }
        if let next = nextRight, next.name == name {
            pair.right = next.value
            nextRight = try await right.next()
        }
        return pair
    }
}
