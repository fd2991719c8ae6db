import DatabaseTesting
import Logging
import RhizomeCore
import RhizomeTesting
import Testing

@testable import RhizomeDatabase

@Suite struct StoreHealthTests {
    @Test("a store that fails is logged once a minute however much fails by it, and once when it works again")
    func told() async throws {
        let bench = try IntakeBench()
        let chain = try Deltas.chain(6)
        _ = try await bench.intake.submit([chain[0].bytes], from: nil)
        #expect(bench.records.records.isEmpty)

        bench.log.beforeWrite { throw DeltaLogError(.disk, "the disk is full") }
        for _ in 0..<50 {
            await #expect(throws: DeltaLogError(.disk, "")) {
                try await bench.intake.submit([chain[1].bytes], from: nil)
            }
        }
        #expect(bench.records.records.map(\.level) == [.error])
        #expect(bench.records.records.first?.text.contains("the disk is full") == true)
        bench.time.advance(61)
        for _ in 0..<50 { _ = try? await bench.intake.submit([chain[1].bytes], from: nil) }
        #expect(bench.records.records.map(\.level) == [.error, .error])

        bench.log.beforeWrite(nil)
        for delta in chain { _ = try await bench.intake.submit([delta.bytes], from: nil) }
        #expect(bench.records.records.map(\.level) == [.error, .error, .notice])
        #expect(try await bench.log.count() == 6)
    }
}
