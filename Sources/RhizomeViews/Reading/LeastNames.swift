internal import Bytes
internal import RhizomeCore

/// The least of many names by their bytes, as many as there is room for, with the streams that belong to them.
///
/// Names have up to 1,024 bytes, and an entity may have any number of them: they are gone through in order, a part that
/// fits into memory at a time.
struct LeastNames: Sendable {
    /// What one name takes besides its bytes.
    private static let nameBytes = 80

    private let capacity: Int
    private var streams: [Text: [StreamEnd]] = [:]
    /// Bytes that the names and streams take, about.
    private(set) var heldBytes = 0
    /// The least name for which there was no room.
    private var bound: Text?

    /// No names.
    ///
    /// - Parameter capacity: bytes that the names and streams may take; twice that on the way, and one name always.
    init(capacity: Int) { self.capacity = capacity }

    /// Whether names were left out: those after the last one that is here.
    var isCut: Bool { bound != nil }

    /// Adds a stream to a name, or just the name.
    mutating func add(_ name: Text, _ stream: StreamEnd? = nil) {
        if let bound, name >= bound { return }
        let isNew = streams[name] == nil
        if isNew { heldBytes += name.count + Self.nameBytes }
        if let stream {
            streams[name, default: []].append(stream)
            heldBytes += MemoryLayout<StreamEnd>.stride
        } else if isNew {
            streams[name] = []
        }
        if heldBytes > 2 * capacity { trim() }
    }

    /// The names in order, with their streams.
    ///
    /// - Returns: bytes that they take, about, as well.
    mutating func take() -> (names: [(name: Text, streams: [StreamEnd])], bytes: Int) {
        trim()
        defer {
            streams = [:]
            heldBytes = 0
        }
        return (streams.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, heldBytes)
    }

    private mutating func trim() {
        guard heldBytes > capacity else { return }
        let names = streams.keys.sorted()
        var bytes = 0
        var kept = 0
        while kept < names.count {
            let size = size(of: names[kept])
            guard kept == 0 || bytes + size <= capacity else { break }
            bytes += size
            kept += 1
        }
        guard kept < names.count else { return }
        bound = names[kept]
        for name in names[kept...] { streams[name] = nil }
        heldBytes = bytes
    }

    private func size(of name: Text) -> Int {
        name.count + Self.nameBytes + (streams[name]?.count ?? 0) * MemoryLayout<StreamEnd>.stride
    }
}
