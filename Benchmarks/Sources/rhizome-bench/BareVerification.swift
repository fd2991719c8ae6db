import BareSodium
import Bytes
import RhizomeCore
import SignedStatements

/// What libsodium alone takes to verify deltas, with everything that it needs at hand before.
struct BareVerification: Sendable {
    private struct Signed: Sendable {
        let signature: [UInt8]
        let message: [UInt8]
        let key: [UInt8]

        init(_ delta: SignedDelta) {
            signature = delta.statement.signature
            message = delta.statement.signatureInput
            key = delta.author.bytes.array
        }

        var isValid: Bool {
            unsafe crypto_sign_verify_detached(signature, message, UInt64(message.count), key) == 0
        }
    }

    private let signed: [Signed]

    init(_ deltas: [SignedDelta]) { signed = deltas.map { Signed($0) } }

    /// Processor time for one delta, on one core.
    func processorTime() throws -> Duration {
        let start = ProcessorTime.now
        try verify(signed[...])
        return (ProcessorTime.now - start) / signed.count
    }

    /// How many a second, on all cores.
    @concurrent
    func rate(onCores width: Int) async throws -> Rate {
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for part in 0..<width {
                let range = signed.count * part / width..<signed.count * (part + 1) / width
                group.addTask { try verify(signed[range]) }
            }
            try await group.waitForAll()
        }
        return Rate(signed.count, ContinuousClock.now - start)
    }

    private func verify(_ part: ArraySlice<Signed>) throws {
        for item in part where !item.isValid { throw BenchmarkError("a signature of the store isn't valid") }
    }
}
