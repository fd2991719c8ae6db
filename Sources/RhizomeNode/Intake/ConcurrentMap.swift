internal import Glibc

/// Computes a result for each element on all cores, in chunks, keeping the order.
///
/// For work of some tens of µs an element, such as verifying signatures. Does not check cancellation: a chunk is short.
@concurrent
func concurrentMap<Element: Sendable, Result: Sendable>(
    _ elements: [Element],
    _ transform: @escaping @Sendable (Element) -> Result
) async -> [Result] {
    let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let chunk = max(8, (elements.count + cores * 4 - 1) / (cores * 4))
    guard elements.count > chunk else { return elements.map(transform) }
    return await withTaskGroup(of: (Int, [Result]).self) { group in
        for start in stride(from: 0, to: elements.count, by: chunk) {
            let part = elements[start..<min(start + chunk, elements.count)]
            group.addTask { (start, part.map(transform)) }
        }
        var parts: [(Int, [Result])] = []
        for await part in group { parts.append(part) }
        return parts.sorted { $0.0 < $1.0 }.flatMap(\.1)
    }
}
