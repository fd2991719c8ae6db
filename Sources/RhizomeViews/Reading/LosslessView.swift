public import Bytes
public import RhizomeCore
public import StrictJSON

/// Every delta about an entity, property by property, negated ones marked (spec: views.md, "Lossless").
///
/// Properties stand in the order of their names' bytes, deltas of one by (timeCreated, id bytes). They are read from the
/// log as they are asked for, a few at a time, and all show one state of it. A view can be a page: then all that it tells
/// is told of the deltas that stand in it, and all pages together tell what the whole view does.
public struct LosslessView: AsyncSequence, Sendable {
    /// A delta under one of its properties.
    public struct Item: Hashable, Sendable {
        /// The property.
        public let property: Text
        /// The delta's place among those of the property.
        public let moment: Moment
        /// Whether it is negated.
        public let isNegated: Bool
        /// Under how many more properties the delta is about to come.
        package let laterCount: Int
        /// Bytes of memory that the delta takes, about.
        package let weight: Int

        /// The delta.
        public var delta: DeltaID { moment.id }
        /// Where it stands in the view.
        public var place: Place { Place(property: property, moment: moment) }
    }

    /// A place in a lossless view: stays the same, whatever comes.
    public struct Place: Hashable, Sendable {
        /// The property.
        public let property: Text
        /// Where among its deltas.
        public let moment: Moment

        /// A place.
        public init(property: Text, moment: Moment) {
            self.property = property
            self.moment = moment
        }
    }

    /// Reads the deltas.
    public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
        private var reading: LosslessReading
        private var part: ArraySlice<Item> = []

        fileprivate init(_ reading: LosslessReading) { self.reading = reading }

        /// Bytes of memory that are held from one delta to the next, about.
        package var heldBytes: Int { reading.heldBytes }

        /// The next delta; `nil` at the end.
        ///
        /// - Throws: ``JSONLogicError``, `CancellationError`, and what the log throws.
        public mutating func next() async throws -> Item? {
            if part.isEmpty { part = try await reading.next()[...] }
            return part.popFirst()
        }
    }

    /// Local contexts under which deltas refer to the entity, a part of them.
    public struct ReferenceNames: Sendable {
        /// By their bytes.
        public let names: [Text]
        /// Whether there are others after these: see ``LosslessView/referencedAs(after:)``.
        public let hasMore: Bool
    }

    /// The entity's id.
    public let id: Text
    /// The local contexts under which the deltas refer to the entity: the first ones, about 1 MiB, which are most often
    /// all.
    public let referencedAs: ReferenceNames
    /// Whether none of its deltas waits for the rest of its transaction.
    public let isComplete: Bool
    /// The last place of this page; `nil` where no other follows.
    public let end: Place?
    private let start: LosslessReading

    /// - Parameters:
    ///   - start: the view's deltas, none of them read yet.
    ///   - survey: the same, read to the end.
    init(_ start: LosslessReading, _ survey: inout LosslessReading) {
        id = start.id
        referencedAs = survey.takeNames()
        isComplete = survey.isComplete
        end = survey.end
        self.start = start
    }

    /// More of the local contexts under which the deltas refer to the entity.
    ///
    /// - Throws: ``JSONLogicError``, `CancellationError`, and what the log throws.
    /// - Complexity: O(deltas of the view).
    public func referencedAs(after name: Text) async throws -> ReferenceNames {
        var survey = start.survey(after: name)
        while try await !survey.next().isEmpty {}
        return survey.takeNames()
    }

    /// Whether any delta that the perspective shows, of this page or not, refers to the entity by this local context.
    ///
    /// - Throws: ``JSONLogicError``, `CancellationError`, and what the log throws.
    public func isReferenced(as localContext: Text) async throws -> Bool {
        try await start.state.look { [id] in try $0.isShown(id, referencedAs: localContext) }
    }

    /// Reads the deltas from the first one on.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(start) }
}

extension JSONObject {
    /// A delta's fields as the lossless view tells them.
    ///
    /// Its pointers come last, collapsed to `{localContext: target}`, and a negated delta is marked.
    ///
    /// - Parameters:
    ///   - pointers: the delta's.
    ///   - shown: what stands in the place of what pointers refer to, by their places.
    public func lossless(_ pointers: [Pointer], isNegated: Bool, showing shown: [Int: JSONValue] = [:]) -> JSONObject {
        var told = JSONObject()
        for field in members where field.name != "pointers" { told.append(field.name, field.value) }
        told.append("pointers", .array(pointers.enumerated().map { $1.collapsed(showing: shown[$0]) }))
        if isNegated { told.append("negated", true) }
        return told
    }
}

extension Pointer {
    /// `{localContext: target}`: what it says of the delta's own, without where it points from there.
    ///
    /// - Parameter shown: what stands in the place of the target, if anything does.
    fileprivate func collapsed(showing shown: JSONValue?) -> JSONValue {
        var object = JSONObject()
        object.append(localContext, shown ?? targetValue.json)
        return .object(object)
    }
}
