import Bytes
import DatabaseTesting
import Locks
import RhizomeTesting
import SignedStatements
import Testing

@testable import RhizomeDatabase

/// The gate of the own log (spec: admission.md, "Forks").
@Suite(.timeLimit(.minutes(1))) struct OwnLogGateTests {
    private static func key(_ number: Int) -> PublicKey {
        PublicKey(Bytes32(repeating: UInt8(truncatingIfNeeded: number)))
    }

    private final class Flag: Sendable {
        let isSet = Lock(false)
    }

    /// A write that has come to the gate by the time that this is made, and waits there or has passed.
    private struct Write {
        private let hasPassed = Flag()
        let task: Task<Void, Never>

        init(at gate: OwnLogGate) {
            let hasPassed = hasPassed
            task = Task.immediate {
                await gate.pass()
                hasPassed.isSet.withLock { $0 = true }
            }
        }

        var waits: Bool { hasPassed.isSet.withLock { !$0 } }
    }

    @Test("the first write waits until every peer was asked, or can't be, and later ones don't")
    func gate() async {
        let gate = OwnLogGate()
        gate.close(until: [Self.key(1), Self.key(2)], by: ManualClock().clock)
        let first = Write(at: gate)
        gate.settled(Self.key(1))
        gate.settled(Self.key(1))
        gate.settled(Self.key(3))
        let second = Write(at: gate)
        #expect(second.waits)
        gate.settled(Self.key(2))
        await first.task.value
        await second.task.value
        #expect(!Write(at: gate).waits)
        let open = OwnLogGate()
        open.close(until: [], by: ManualClock().clock)
        await open.pass()
    }

    @Test("the first write waits for 3 s at most")
    func patience() async throws {
        let time = ManualClock()
        let gate = OwnLogGate()
        gate.close(until: [Self.key(1)], by: time.clock)
        let write = Write(at: gate)
        try await eventually("the gate waits by the clock") { time.sleeperCount == 1 }
        time.advance(.milliseconds(2_999))
        #expect(write.waits && time.sleeperCount == 1)
        time.advance(.milliseconds(1))
        await write.task.value
    }

    @Test("a write that is cancelled while it waits opens the gate for nobody")
    func cancelledWrite() async {
        let gate = OwnLogGate()
        gate.close(until: [Self.key(1)], by: ManualClock().clock)
        let cancelled = Write(at: gate)
        cancelled.task.cancel()
        let other = Write(at: gate)
        #expect(cancelled.waits && other.waits)
        gate.settled(Self.key(1))
        await cancelled.task.value
        await other.task.value
    }
}
