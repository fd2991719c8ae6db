public import Bytes
internal import RhizomeCore
public import StrictJSON

/// An entity in parts: its first properties, and the others as they are asked for, all of one state of the log.
public struct EntityParts: Sendable {
    /// Bytes of the first part, about: smaller entities are whole in it.
    static let firstBytes = 1 << 20

    /// The first properties.
    public let first: EntityView
    /// Those that follow; `nil` where the first ones are all.
    public let rest: EntityProperties?

    /// An entity that is whole in its first part.
    public init(_ view: EntityView) {
        first = view
        rest = nil
    }

    fileprivate init(first: EntityView, rest: EntityProperties) {
        self.first = first
        self.rest = rest
    }
}

/// An entity's properties with their values, by the bytes of their names, read from the log as they are asked for.
public struct EntityProperties: AsyncSequence, Sendable {
    /// A property's name and value.
    public typealias Element = (name: Text, value: JSONValue)

    /// Reads the properties.
    public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
        private var reading: PropertyReading
        private var part: ArraySlice<Element> = []

        fileprivate init(_ reading: PropertyReading) { self.reading = reading }

        /// Bytes of memory that are held from one property to the next, about.
        package var heldBytes: Int { reading.heldBytes }

        /// The next property; `nil` at the end.
        ///
        /// - Throws: ``JSONLogicError``, `CancellationError`, and what the log throws.
        public mutating func next() async throws -> Element? {
            if part.isEmpty { part = try await reading.next()[...] }
            return part.popFirst()
        }
    }

    fileprivate let reading: PropertyReading

    /// Reads the properties from the first one on.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(reading) }
}

/// An entity's values one after the other, by the bytes of their names.
struct EntityValues: Sendable {
    let id: Text
    private let resolver: @Sendable (_ property: Text) -> any Resolver
    private var window: PropertyWindow
    /// Whether anything that gives a property a value was found to be in force.
    private(set) var isVisible = false

    init(id: Text, resolver: @escaping @Sendable (_ property: Text) -> any Resolver) {
        self.id = id
        self.resolver = resolver
        window = PropertyWindow(of: id, .values)
    }

    /// Bytes that are held, about.
    var heldBytes: Int { window.heldBytes }

    /// The next property with a value; `nil` at the end.
    ///
    /// - Parameter isLast: asked after each property without one; whether to give none instead.
    mutating func next(
        in lookup: EntityLookup,
        orUntil isLast: () -> Bool = { false }
    ) throws -> EntityProperties.Element? {
        while let (name, streams) = try window.next(in: lookup) {
            let (value, isVisible) = try lookup.value(of: name, id, by: resolver(name), from: streams)
            self.isVisible = self.isVisible || isVisible
            if let value { return (name, value) }
            if isLast() { return nil }
        }
        isOver = true
        return nil
    }

    /// Whether there are no more.
    private(set) var isOver = false
}

/// An entity's later properties on their way.
private struct PropertyReading: PartedReading {
    var state: PinnedState
    var values: EntityValues
    private var partBytes = 0

    init(state: PinnedState, values: EntityValues) {
        self.state = state
        self.values = values
    }

    var isOver: Bool { values.isOver }
    var ownBytes: Int { values.heldBytes + partBytes }

    mutating func part(in lookup: EntityLookup) throws -> [EntityProperties.Element] {
        var items: [EntityProperties.Element] = []
        partBytes = 0
        repeat {
            guard let item = try values.next(in: lookup, orUntil: { lookup.isLongEnough }) else { break }
            let bytes = item.name.count + item.value.approximateBytes
            try lookup.memory.addShown(bytes)
            items.append(item)
            partBytes += bytes
        } while !lookup.isLongEnough && partBytes < PinnedState.bytes
        return items
    }
}

extension EntityLookup {
    /// An entity with its first properties, or `nil` where it isn't visible.
    func parts(of id: Text, in collection: Text?, log: any StateReading) throws -> EntityParts? {
        var values = EntityValues(id: id) { [perspective] in perspective.resolver(of: $0, in: collection) }
        var properties = JSONObject()
        var bytes = 0
        while bytes < EntityParts.firstBytes, let (name, value) = try values.next(in: self) {
            properties.append(name, value)
            let more = name.count + value.approximateBytes
            try memory.addShown(100 + more)
            bytes += more
        }
        guard try values.isVisible || isNamed(id) else { return nil }
        let first = EntityView(id: id, properties: properties)
        guard !values.isOver else { return EntityParts(first) }
        let reading = PropertyReading(state: try PinnedState(self, of: log, about: id), values: values)
        return EntityParts(first: first, rest: EntityProperties(reading: reading))
    }
}
