import Bytes
import Dispatch
import RhizomeCore
import RhizomeTesting
import SignedStatements
import StrictJSON
import Testing

@testable import RhizomeViews

/// What takes long is computed apart, so that it holds up nothing that is short.
@Suite struct LongComputingTests {
    private let queue = DispatchQueue(label: "test")
    private let log = InMemoryDeltaLog()
    private let cache: ViewCache

    init() { cache = ViewCache(computing: LongComputing(on: queue)) }

    /// Runs something long while nothing long is computed, and something short beside it; the long one ends afterwards.
    private func held<Long: Sendable>(
        _ long: @escaping @Sendable () async throws -> Long,
        beside short: () async throws -> Void
    ) async throws -> Long {
        queue.suspend()
        let task = Task { try await long() }
        do {
            try await eventually("what is long waits") { cache.computing.inFlight == 1 }
            try await short()
            #expect(cache.computing.inFlight == 1)
        } catch {
            queue.resume()
            throw error
        }
        queue.resume()
        return try await task.value
    }

    @Test("a definition of many authors is read apart and once, and its JSON made once")
    func contexts() async throws {
        let own = try TestAuthors.signer("own").publicKey
        let authors = try (0..<40).map { try TestAuthors.signer("author \($0)").publicKey }
        let definition = try ContextDefinition(authors: .these(authors))
        var maker = DeltaMaker()
        for (name, text) in [("large", definition.json.description), ("small", #"{"asOf":1}"#)] {
            let pointers = [
                Pointer("_context", entity: Text(name), targetContext: "definition"),
                Pointer("definition", .text(Text(text))),
            ]
            cache.note(try await log.append([try maker.delta("own", pointers)], cursors: [:]))
        }
        let contexts = Definitions<ContextDefinition>(
            log: log,
            own: own,
            without: Exclusion(number: 0) { _ in false },
            cache: cache
        )
        let large = DefinitionName("large", by: own)
        let small = DefinitionName("small", by: own)
        let read = try await held {
            try await contexts.definition(large)
        } beside: {
            let asOf = try await contexts.definition(small)?.definition.get().asOf
            #expect(asOf == 1)
            let names = try await contexts.names(count: 10).names
            #expect(names == [large, small])
        }
        #expect(try read?.definition.get() == definition)
        #expect(read?.encoded == definition.json.encoded)
        // Known now: nothing of it is computed again.
        queue.suspend()
        defer { queue.resume() }
        #expect(try await contexts.definition(large)?.encoded == definition.json.encoded)
    }
}
