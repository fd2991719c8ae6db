import Bytes
import SignedLog
import Testing

@testable import RhizomeDatabase

/// The gate of the own log (spec: admission.md, "Forks").
@Suite(.timeLimit(.minutes(1))) struct OwnLogGateTests {
    private static func key(_ number: Int) -> PublicKey {
        PublicKey(Bytes32(repeating: UInt8(truncatingIfNeeded: number)))
    }

    @Test("the first write waits until every peer was asked, or can't be, and later ones don't")
    func gate() async {
        let gate = OwnLogGate()
        gate.close(until: [Self.key(1), Self.key(2)], patience: .seconds(600))
        async let passed: Void = gate.pass()
        gate.settled(Self.key(1))
        gate.settled(Self.key(1))
        gate.settled(Self.key(3))
        #expect(!gate.isOpen)
        gate.settled(Self.key(2))
        await passed
        await gate.pass()
        #expect(gate.isOpen)
        let open = OwnLogGate()
        open.close(until: [])
        await open.pass()
    }

    @Test("the first write waits for 3 s at most")
    func patience() async {
        let clock = ContinuousClock()
        let gate = OwnLogGate()
        gate.close(until: [Self.key(1)])
        let waited = await clock.measure { await gate.pass() }
        #expect(waited >= .seconds(2.9) && waited < .seconds(60))
    }

    @Test("a write that is cancelled while it waits opens the gate for nobody")
    func cancelledWrite() async {
        let gate = OwnLogGate()
        gate.close(until: [Self.key(1)], patience: .seconds(600))
        let write = Task { await gate.pass() }
        write.cancel()
        for _ in 0..<100 { await Task.yield() }
        #expect(!gate.isOpen)
        gate.settled(Self.key(1))
        await write.value
    }
}
