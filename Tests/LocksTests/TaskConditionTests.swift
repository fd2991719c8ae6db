import Locks
import Testing

/// Tasks that wait for a value.
@Suite(.timeLimit(.minutes(1))) struct TaskConditionTests {
    @Test("who waits gets what it waits for, at once where it is there, and others go on waiting")
    func found() async {
        let numbers = TaskCondition<Set<Int>>([])
        func wait(for number: Int) -> Task<Int?, Never> {
            Task.immediate { await numbers.wait { $0.remove(number) } }
        }
        let (one, two) = (wait(for: 1), wait(for: 2))
        numbers.change { $0.formUnion([2, 3]) }
        #expect(await two.value == 2)
        #expect(await wait(for: 3).value == 3)
        #expect(numbers.withLock { $0 } == [])
        numbers.withLock { _ = $0.insert(1) }
        numbers.change { _ in }
        #expect(await one.value == 1)
    }

    @Test("who is cancelled finds nothing, before it waits or while it does, unless it waits through that")
    func cancelled() async {
        let flag = TaskCondition(false)
        let waiting = Task.immediate { await flag.wait { $0 ? true : nil } }
        let steadfast = Task.immediate { await flag.waitThroughCancellation { $0 ? true : nil } }
        waiting.cancel()
        steadfast.cancel()
        #expect(await waiting.value == nil)
        let late = Task {
            while !Task.isCancelled { await Task.yield() }
            return await flag.wait { $0 ? true : nil }
        }
        late.cancel()
        #expect(await late.value == nil)
        flag.change { $0 = true }
        #expect(await steadfast.value == true)
    }

    @Test("of those who wait one alone can be woken, by its ticket; who isn't named doesn't look again")
    func ticket() async {
        let looks = TaskCondition<[String: Int]>([:])
        let tickets = (looks.newTicket(), looks.newTicket())
        func wait(as ticket: TaskTicket, _ name: String) -> Task<Int?, Never> {
            Task.immediate {
                await looks.wait(as: ticket) { looks in
                    looks[name, default: 0] += 1
                    return looks[name] == 2 ? 2 : nil
                }
            }
        }
        let (one, two) = (wait(as: tickets.0, "one"), wait(as: tickets.1, "two"))
        looks.wake { _ in [tickets.1] }
        #expect(await two.value == 2)
        #expect(looks.withLock { $0 } == ["one": 1, "two": 2])
        // A ticket of which nobody waits any more wakes nobody.
        looks.wake { _ in [tickets.1, tickets.0] }
        #expect(await one.value == 2)
    }

    @Test("however many change it and wait at the same time, nobody misses what it waits for")
    func race() async {
        let left = TaskCondition(0)
        let taken = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<500 {
                        left.change { $0 += 1 }
                        await Task.yield()
                    }
                    return 0
                }
                group.addTask {
                    var taken = 0
                    while taken < 500 {
                        taken +=
                            await left.wait { left in
                                guard left > 0 else { return nil }
                                left -= 1
                                return 1
                            } ?? 500
                    }
                    return taken
                }
            }
            return await group.reduce(0, +)
        }
        #expect(taken == 4_000)
        #expect(left.withLock { $0 } == 0)
    }
}
