internal import Bytes

/// Actions to be done at a moment, the earliest first: a binary heap, confined to its socket thread.
struct TimerQueue {
    private struct Entry {
        let deadline: Uptime
        let id: UInt64

        // Of two with the same deadline the one that was asked for first is done first.
        static func < (left: Entry, right: Entry) -> Bool {
            left.deadline == right.deadline ? left.id < right.id : left.deadline < right.deadline
        }
    }

    private struct Action {
        let whenDue: () -> Void
        let whenDropped: (() -> Void)?
    }

    private var heap: [Entry] = []
    private var actions: [UInt64: Action] = [:]
    private var lastID: UInt64 = 0

    /// How many actions wait.
    var count: Int { actions.count }

    /// How many entries the heap has, cancelled ones included.
    var heapCount: Int { heap.count }

    /// When the earliest is due.
    var nextDeadline: Uptime? {
        mutating get {
            // Cancelled ones are left in the heap until they come up.
            while let first = heap.first, actions[first.id] == nil { _ = removeFirst() }
            return heap.first?.deadline
        }
    }

    /// Adds an action, and what is to be done in its place if the queue is emptied before.
    mutating func add(
        at deadline: Uptime,
        _ whenDue: @escaping () -> Void,
        whenDropped: (() -> Void)? = nil
    ) -> UInt64 {
        lastID += 1
        actions[lastID] = Action(whenDue: whenDue, whenDropped: whenDropped)
        heap.append(Entry(deadline: deadline, id: lastID))
        siftUp(heap.count - 1)
        return lastID
    }

    /// Takes an action back; one that is done is no matter.
    mutating func cancel(_ id: UInt64) {
        guard actions.removeValue(forKey: id) != nil else { return }
        // A timer that is set and cancelled over and over must not let the heap grow until its deadline.
        if heap.count > 2 * actions.count + 64 {
            heap = heap.filter { actions[$0.id] != nil }.sorted(by: <)
        }
    }

    /// Takes out one action that is due.
    mutating func popDue(at now: Uptime) -> (() -> Void)? {
        guard let deadline = nextDeadline, deadline <= now else { return nil }
        return actions.removeValue(forKey: removeFirst().id)?.whenDue
    }

    /// Forgets all; gives what is to be done in their place, in the order in which they were added.
    mutating func removeAll() -> [() -> Void] {
        defer {
            heap = []
            actions = [:]
        }
        return actions.sorted { $0.key < $1.key }.compactMap(\.value.whenDropped)
    }

    private mutating func removeFirst() -> Entry {
        let first = heap[0]
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        siftDown()
        return first
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child] < heap[parent] else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[smallest] {
                smallest = child
            }
            guard smallest != parent else { return }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
