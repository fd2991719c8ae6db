/// One wait at a ``TaskCondition``, by which that wait alone can be ended.
package struct TaskTicket: Hashable, Sendable {
    let number: UInt64
}
