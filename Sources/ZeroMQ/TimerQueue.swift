internal import Bytes
internal import HeapModule

/// Actions to be done at a moment, the earliest first, confined to its socket thread.
struct TimerQueue {
    private struct Entry: Comparable {
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

    private var entries = Heap<Entry>()
    private var actions: [UInt64: Action] = [:]
    private var lastID: UInt64 = 0

    /// How many actions wait.
    var count: Int { actions.count }

    /// How many entries are kept, cancelled ones included.
    var entryCount: Int { entries.count }

    /// When the earliest is due.
    var nextDeadline: Uptime? {
        mutating get {
            // Cancelled ones are left until they come up.
            while let first = entries.min, actions[first.id] == nil { entries.removeMin() }
            return entries.min?.deadline
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
        entries.insert(Entry(deadline: deadline, id: lastID))
        return lastID
    }

    /// Takes an action back; one that is done is no matter.
    mutating func cancel(_ id: UInt64) {
        guard actions.removeValue(forKey: id) != nil else { return }
        // A timer that is set and cancelled over and over must not let the entries grow until its deadline.
        if entries.count > 2 * actions.count + 64 {
            entries = Heap(entries.unordered.filter { actions[$0.id] != nil })
        }
    }

    /// Takes out one action that is due.
    mutating func popDue(at now: Uptime) -> (() -> Void)? {
        guard let deadline = nextDeadline, deadline <= now, let first = entries.popMin() else { return nil }
        return actions.removeValue(forKey: first.id)?.whenDue
    }

    /// Forgets all; gives what is to be done in their place, in the order in which they were added.
    mutating func removeAll() -> [() -> Void] {
        defer {
            entries = Heap()
            actions = [:]
        }
        return actions.sorted { $0.key < $1.key }.compactMap(\.value.whenDropped)
    }
}
