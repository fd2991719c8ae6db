internal import Bytes
internal import RhizomeCore

/// An entity's properties by the bytes of their names, each with the streams of what was said of it.
///
/// In memory are the next of them, about 1 MiB.
struct PropertyWindow: Sendable {
    /// Which streams are meant.
    enum Kind: Sendable {
        /// What the perspective can show and gives the property a value.
        case values
        /// All that step 1 leaves.
        case all
    }

    private static let bytes = 1 << 20

    private let id: Text
    private let kind: Kind
    /// The next one last.
    private var properties: [(name: Text, streams: [StreamEnd])] = []
    /// Bytes that they took when they were read, until all were given.
    private var bytes = 0
    /// The name after which to read on, or from which, where nothing was read yet.
    private var last: Text?
    private var isBegun = false
    private var hasMore = true

    /// Properties from one on; all where `nil`.
    init(of id: Text, _ kind: Kind, from first: Text? = nil) {
        self.id = id
        self.kind = kind
        last = first
    }

    /// Bytes that are held, about.
    var heldBytes: Int { bytes }

    /// The next property; `nil` at the end.
    mutating func next(in lookup: EntityLookup) throws -> (name: Text, streams: [StreamEnd])? {
        if properties.isEmpty, hasMore { try read(in: lookup) }
        guard let next = properties.popLast() else { return nil }
        last = next.name
        if properties.isEmpty {
            lookup.memory.remove(bytes)
            bytes = 0
        }
        return next
    }

    /// - Complexity: O(streams of the entity).
    private mutating func read(in lookup: EntityLookup) throws {
        var names = LeastNames(capacity: Self.bytes)
        var most = 0
        let streams =
            switch kind {
            case .values: try lookup.streams(of: id)
            case .all: try lookup.allStreams(of: id)
            }
        for end in streams where kind == .all || end.stream.role.hasValue {
            let name = try lookup.property(of: end.stream)
            if let last, isBegun ? name <= last : name < last { continue }
            names.add(name, end)
            if names.heldBytes > most {
                try lookup.memory.add(names.heldBytes - most)
                most = names.heldBytes
            }
        }
        lookup.memory.remove(streams.count * EntityLookup.streamBytes)
        hasMore = names.isCut
        isBegun = true
        let taken = names.take()
        bytes = taken.bytes
        lookup.memory.remove(most - bytes)
        properties = taken.names.reversed()
    }
}
