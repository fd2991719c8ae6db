/// Which nodes of a network are connected with one another.
enum MeshShape: String {
    /// Each with each.
    case mesh
    /// Each with the next one, the last with the first.
    case ring
    /// All with the first.
    case star
    /// About four links a node, drawn at random, between all of which there is a way.
    case random

    /// The links, each once, the smaller number first.
    ///
    /// - Parameter count: how many nodes there are, 2 or more.
    func links(among count: Int, using generator: inout some RandomNumberGenerator) -> [(Int, Int)] {
        switch self {
        case .mesh: return (0..<count).flatMap { left in (left + 1..<count).map { (left, $0) } }
        case .ring: return (0..<count - 1).map { ($0, $0 + 1) } + (count > 2 ? [(0, count - 1)] : [])
        case .star: return (1..<count).map { (0, $0) }
        case .random:
            // Two rings, each through all nodes in an order of its own.
            var seen: Set<[Int]> = []
            for _ in 0..<2 {
                let order = (0..<count).shuffled(using: &generator)
                for place in order.indices {
                    let ends = [order[place], order[(place + 1) % count]].sorted()
                    if ends[0] != ends[1] { seen.insert(ends) }
                }
            }
            return seen.sorted { $0.lexicographicallyPrecedes($1) }.map { ($0[0], $0[1]) }
        }
    }
}
