import Bytes
import RhizomeViews
import StrictJSON

/// An entity's properties one after the other, by the bytes of their names: few are in memory at a time.
struct PropertyStream {
    private var first: ArraySlice<(name: Text, value: JSONValue)>
    private var rest: EntityProperties.AsyncIterator?

    /// The properties of an entity; none where it isn't visible.
    init(_ parts: EntityParts?) {
        first = (parts?.first.properties.members.map { ($0.name, $0.value) } ?? [])[...]
        rest = parts?.rest?.makeAsyncIterator()
    }

    /// The next property; `nil` at the end.
    mutating func next() async throws -> (name: Text, value: JSONValue)? {
        if let next = first.popFirst() { return next }
        return try await rest?.next()
    }
}

/// Two entities' properties side by side.
struct PropertyPairs {
    private var left: PropertyStream
    private var right: PropertyStream
    private var nextLeft: (name: Text, value: JSONValue)?
    private var nextRight: (name: Text, value: JSONValue)?
    private var hasBegun = false

    init(_ left: PropertyStream, _ right: PropertyStream) {
        self.left = left
        self.right = right
    }

    /// The next property of either with the value that it has in each; `nil` at the end.
    mutating func next() async throws -> (name: Text, left: JSONValue?, right: JSONValue?)? {
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
