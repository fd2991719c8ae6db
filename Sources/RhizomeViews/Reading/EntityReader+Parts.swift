public import Bytes
public import RhizomeCore
public import StrictJSON

extension EntityReader {
    /// The value of one property of an entity, or `nil` where it has none.
    ///
    /// - Parameter collection: the name under which it is looked at, by which the perspective may choose resolvers.
    /// - Complexity: what its resolver needs of the property: nothing of the others is looked at.
    public func value(of property: Text, of id: Text, in collection: Text? = nil) async throws -> JSONValue? {
        try await look { lookup in
            let streams = try lookup.streams(of: id, on: [property]).filter(\.stream.role.hasValue)
            let resolver = lookup.perspective.resolver(of: property, in: collection)
            return try lookup.value(of: property, id, by: resolver, from: streams).value
        }
    }

    /// The collections in which an entity is visible, by the bytes of their names; none whose name begins with `_`.
    ///
    /// - Parameters:
    ///   - last: only collections after this one, whether or not there is one.
    ///   - body: gets some of them at a time, and tells whether to go on.
    /// - Complexity: a look-up for each name that any pointer has; of each collection, what it takes to find an entity in it.
    public func forEachCollection(after last: Text? = nil, _ body: ([Text]) async throws -> Bool) async throws {
        var last = last
        while true {
            let (names, next) = try await look { [last] lookup in
                let names = try lookup.snapshot.contexts(after: last, limit: Self.names)
                let listed = try names.filter { try !ControlName.isReserved($0) && lookup.hasVisible($0) }
                return (listed, names.count == Self.names ? names.last : nil)
            }
            guard try await body(names), let next else { return }
            last = next
        }
    }

    /// Names that are looked up at once.
    private static var names: Int { 64 }

    /// How a delta stands in the eyes of the perspective; `nil` where it isn't held.
    public func standing(of id: DeltaID) async throws -> DeltaStanding? {
        try await look { lookup in
            guard let delta = try lookup.delta(id) else { return nil }
            var negations: [ViewedDelta] = []
            var author: Int64 = 0
            let context = try lookup.context(ControlName.negates)
            while let context, let next = try lookup.snapshot.author(referringBy: context, after: author) {
                author = next
                try lookup.forEachNegation(of: delta, by: lookup.key(of: author)) { negation, _ in
                    guard negations.count < DeltaStanding.mostNegations else { return }
                    try lookup.memory.addShown(negation.approximateBytes)
                    negations.append(negation)
                }
            }
            return DeltaStanding(
                isLeft: try lookup.isLeft(delta),
                isNegated: try lookup.isNegated(delta),
                isInForce: try lookup.isInForce(delta),
                negations: negations
            )
        }
    }
}

/// What somebody sees of a delta, and what negates it.
public struct DeltaStanding: Sendable {
    /// Negations that are told at most.
    static let mostNegations = 1_000

    /// Whether trust, the moment and its transaction leave it (spec: views.md, steps 1 to 3).
    public let isLeft: Bool
    /// Whether a negation of it is in force.
    public let isNegated: Bool
    /// Whether it counts in views.
    public let isInForce: Bool
    /// The deltas that negate it, in force or not, at most 1,000.
    public let negations: [ViewedDelta]
}

extension EntityLookup {
    /// Whether any entity is visible under a name.
    fileprivate func hasVisible(_ collection: Text) throws -> Bool {
        var last: Text?
        while true {
            let page = try entities(referredToBy: collection, after: last, limit: 16)
            for entity in page where try isVisible(entity, referencedAs: collection) { return true }
            guard page.count == 16 else { return false }
            last = page.last
        }
    }
}
