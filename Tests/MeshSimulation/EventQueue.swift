/// Events by their time, those of the same time in the order in which they were added.
struct EventQueue<Event> {
    private struct Entry {
        let time: Int64
        let number: Int
        let event: Event

        func comes(before other: Self) -> Bool { (time, number) < (other.time, other.number) }
    }

    /// A heap: no entry comes before the one at half its index.
    private var entries: [Entry] = []
    private var added = 0

    /// Adds an event.
    mutating func add(_ event: Event, at time: Int64) {
        added += 1
        entries.append(Entry(time: time, number: added, event: event))
        var place = entries.count - 1
        while place > 0, entries[place].comes(before: entries[(place - 1) / 2]) {
            entries.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    /// Takes the first one.
    mutating func next() -> (time: Int64, event: Event)? {
        guard let first = entries.first, let last = entries.popLast() else { return nil }
        guard !entries.isEmpty else { return (first.time, first.event) }
        entries[0] = last
        var place = 0
        while true {
            let children = [2 * place + 1, 2 * place + 2].filter { $0 < entries.count }
            guard let least = children.min(by: { entries[$0].comes(before: entries[$1]) }),
                entries[least].comes(before: entries[place])
            else { break }
            entries.swapAt(place, least)
            place = least
        }
        return (first.time, first.event)
    }
}
