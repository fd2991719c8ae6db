internal import DequeModule

/// What waits from several sources: each gives one in its turn, in the order in which it came.
///
/// So one that hands in a thousand things holds up no other for longer than one of them takes.
struct Turns<Source: Hashable & Sendable, Element: Sendable>: Sendable {
    private var queues: [Source: Deque<Element>] = [:]
    /// The sources with something that waits, the next one first.
    private(set) var sources: [Source] = []
    /// How many wait.
    private(set) var count = 0

    /// Adds one.
    mutating func append(_ element: Element, of source: Source) {
        if queues[source] == nil { sources.append(source) }
        queues[source, default: []].append(element)
        count += 1
    }

    /// What a source gives in its next turn.
    func first(of source: Source) -> Element? { queues[source]?.first }

    /// Takes the next one.
    mutating func next() -> Element? { sources.first.flatMap { next(of: $0) } }

    /// Takes the next one of a source out of its turn; its next turn comes after those of all others.
    mutating func next(of source: Source) -> Element? {
        guard var queue = queues[source], let place = sources.firstIndex(of: source) else { return nil }
        let element = queue.popFirst()
        count -= 1
        sources.remove(at: place)
        queues[source] = queue.isEmpty ? nil : queue
        if !queue.isEmpty { sources.append(source) }
        return element
    }
}
