internal import Glibc

extension FairGate {
    /// How many processors there are.
    static var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// What one source computes at once at most before another one's turn comes: 2 ms of verifying.
    ///
    /// A piece keeps one of the pool's few threads, for which each step of all else that goes on has to wait.
    private static var piece: Int { 32 }

    /// Computes a result for each element on all cores, in pieces that take turns with those of other sources, keeping
    /// the order.
    ///
    /// For work of some tens of µs an element, such as verifying signatures. Does not check cancellation: a piece is
    /// short.
    @concurrent
    func map<Element: Sendable, Result: Sendable>(
        _ elements: [Element],
        as source: Source,
        _ transform: @escaping @Sendable (Element) -> Result
    ) async -> [Result] {
        guard !elements.isEmpty else { return [] }
        let even = (elements.count + Self.processors * 4 - 1) / (Self.processors * 4)
        let piece = min(max(8, even), Self.piece)
        guard elements.count > piece else { return await run(as: source) { elements.map(transform) } }
        return await withTaskGroup(of: (Int, [Result]).self) { group in
            for start in stride(from: 0, to: elements.count, by: piece) {
                let part = elements[start..<min(start + piece, elements.count)]
                group.addTask { (start, await self.run(as: source) { part.map(transform) }) }
            }
            var parts: [(Int, [Result])] = []
            for await part in group { parts.append(part) }
            return parts.sorted { $0.0 < $1.0 }.flatMap(\.1)
        }
    }
}
