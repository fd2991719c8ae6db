internal import Bytes
internal import SignedStatements

/// Who is connected with whom in a simulation.
public struct SimulatedNetwork: Sendable {
    /// How the links lie.
    public enum Shape: String, Sendable, CaseIterable {
        /// Each with each.
        case mesh
        /// Two rings, each through all nodes in an order of its own: four links a node, but for links that both have.
        case random
        /// Each with the next one.
        case chain
        /// Each with the next one, the last with the first.
        case ring
        /// All with the first.
        case star
    }

    /// Of each node those with which it is connected.
    let links: [[Int]]
    let keys: [PublicKey]
    /// In a mesh all know the same of all: the one value that they share.
    let isMesh: Bool

    /// Draws a network.
    ///
    /// - Parameter count: how many nodes there are, 2 or more.
    public init(_ shape: Shape, of count: Int, using generator: inout some RandomNumberGenerator) {
        var ends: [Set<Int>] = Array(repeating: [], count: count)
        func link(_ left: Int, _ right: Int) {
            guard left != right else { return }
            ends[left].insert(right)
            ends[right].insert(left)
        }
        switch shape {
        case .mesh: break
        case .random:
            for _ in 0..<2 {
                let order = (0..<count).shuffled(using: &generator)
                for place in 0..<count { link(order[place], order[(place + 1) % count]) }
            }
        case .chain: for node in 1..<count { link(node - 1, node) }
        case .ring: for node in 0..<count { link(node, (node + 1) % count) }
        case .star: for node in 1..<count { link(0, node) }
        }
        isMesh = shape == .mesh
        // A mesh of 10,000 has too many links to be listed.
        links = isMesh ? [] : ends.map { $0.sorted() }
        keys = (0..<count).map { PublicKey(Self.bytes($0, of: 1)) }
    }

    /// How many nodes there are.
    public var count: Int { keys.count }

    func neighbours(of node: Int) -> [Int] { isMesh ? (0..<count).filter { $0 != node } : links[node] }

    /// Bytes that tell a number and a kind.
    static func bytes(_ number: Int, of kind: UInt8) -> Bytes32 {
        var bytes = [UInt8](repeating: kind, count: 32)
        for index in 0..<8 { bytes[index] = UInt8(truncatingIfNeeded: number >> (8 * index)) }
        return Bytes32(bytes) ?? Bytes32(repeating: kind)
    }
}
