/// What resolvers note under keys, and about how many bytes of memory that takes.
struct Notes<Key: Hashable & Sendable, Note: Sendable>: Sendable {
    private struct Entry {
        var note: Note
        /// What the key and the note take besides their place.
        var bytes: Int
    }

    private var entries: [Key: Entry] = [:]
    /// About how many bytes all notes take.
    private(set) var approximateBytes = 0

    /// No note.
    init() {}

    /// One note.
    ///
    /// - Parameter bytes: what key and note take besides their place.
    init(_ note: Note, of key: Key, bytes: Int) {
        entries = [key: Entry(note: note, bytes: bytes)]
        approximateBytes = Self.place + bytes
    }

    /// A dictionary is between three eighths and three quarters full.
    private static var place: Int { 2 * MemoryLayout<(Key, Entry)>.stride }

    /// The notes of both.
    ///
    /// - Parameter combine: makes one of the two of a key that takes no more than one of them.
    func merging(_ other: Notes, combine: (Note, Note) -> Note) -> Notes {
        var merged = self
        for (key, new) in other.entries {
            guard let own = merged.entries[key] else {
                merged.entries[key] = new
                merged.approximateBytes += Self.place + new.bytes
                continue
            }
            let entry = Entry(note: combine(own.note, new.note), bytes: max(own.bytes, new.bytes))
            merged.entries[key] = entry
            merged.approximateBytes += entry.bytes - own.bytes
        }
        return merged
    }

    /// The notes with their keys, in no certain order.
    var all: some Sequence<(key: Key, note: Note)> { entries.lazy.map { ($0.key, $0.value.note) } }
}
