import Bytes
import DatabaseTesting
import RhizomeCore
import RhizomeTesting
import RhizomeViews
import StrictJSON
import Testing

@testable import RhizomeDatabase

@Suite struct EntityWriterTests {
    private func put(_ properties: JSONObject) throws -> EntityPut {
        try EntityPut(collection: "user", id: "u1", properties: properties)
    }

    @Test(
        "what changes is written as one transaction and shown; what doesn't isn't written; however long it takes to look up",
        arguments: [false, true]
    )
    func put(isBlind: Bool) async throws {
        let bench = try IntakeBench()
        if isBlind { bench.log.blind() }
        let writer = EntityWriter(
            reader: EntityReader(log: bench.log),
            by: bench.own.publicKey,
            write: bench.intake.write
        )
        let written = try await writer.put(try put(["name": "Ann", "age": 30])).first
        #expect(written.properties == ["age": 30, "name": "Ann"])
        // The size and both members.
        #expect(try await bench.log.count() == 3)
        #expect(try await writer.put(try put(["name": "Ann"])).first == written)
        #expect(try await bench.log.count() == 3)
        #expect(try await writer.put(try put(["age": .null])).first.properties == ["age": .null, "name": "Ann"])
        #expect(try await bench.log.count() == 4)
    }

    @Test("where nothing is written and nothing held, the entity is an empty one")
    func nothing() async throws {
        let bench = try IntakeBench()
        let writer = EntityWriter(
            reader: EntityReader(log: bench.log),
            by: bench.own.publicKey,
            write: bench.intake.write
        )
        #expect(try await writer.put(try put(["name": .null])).first == EntityView(absent: "u1"))
        #expect(try await bench.log.count() == 0)
    }

    @Test(
        "a value that is too large for a delta is told by its property's name, and nothing is written",
        arguments: [false, true]
    )
    func tooLarge(isBlind: Bool) async throws {
        let bench = try IntakeBench()
        if isBlind { bench.log.blind() }
        let writer = EntityWriter(
            reader: EntityReader(log: bench.log),
            by: bench.own.publicKey,
            write: bench.intake.write
        )
        let large = JSONValue.string(String(repeating: "x", count: DeltaLimits.bodyBytes))
        for properties in [["bio": large], ["age": 30, "bio": large, "name": "Ann"]] as [JSONObject] {
            let error = await #expect(throws: FieldError.self) { try await writer.put(try put(properties)) }
            #expect(error?.field == "bio")
            #expect(error?.code == .limit)
        }
        #expect(try await bench.log.count() == 0)
    }

    @Test("a write that fails is told, and nothing is shown")
    func failure() async throws {
        let log = InMemoryDeltaLog()
        let writer = EntityWriter(reader: EntityReader(log: log), by: try TestAuthors.signer("ann").publicKey) {
            _ throws(WriteError) in
            throw WriteError(.disk, "full")
        }
        await #expect(throws: WriteError(.disk, "")) { try await writer.put(try put(["name": "Ann"])) }
        #expect(try await log.count() == 0)
    }
}
