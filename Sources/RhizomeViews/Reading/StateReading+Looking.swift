internal import RhizomeCore

extension StateReading {
    /// Looks things up in one state of the log, in the memory of the answer that the task makes.
    ///
    /// - Throws: as ``AnswerMemory/reading(_:holding:_:)``.
    func look<Value: Sendable>(
        from perspective: Perspective,
        _ body: @escaping @Sendable (EntityLookup) throws -> Value
    ) async throws -> Value {
        try await AnswerMemory.reading(self) { snapshot, memory in
            try body(EntityLookup(snapshot, from: perspective, memory: memory))
        }
    }
}
