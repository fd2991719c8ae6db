internal import Bytes
internal import RhizomeCore
internal import RhizomePeering
internal import SignedStatements

/// How writes spread in a network of any size, by the values that decide it in real nodes: whom to tell of a head
/// (`Audience`), when (`GatheredHeads`), and whether a publication went past one (`PublicationNumbers`).
///
/// Clock and links are simulated, so the same seed gives the same figures. Nodes that lack something ask their peers for
/// news in turn, each once a minute, as sessions do.
public struct MeshSimulation {
    /// What is simulated.
    public struct Settings: Sendable {
        /// How many deltas are written, each by the next node.
        public var writes = 20
        /// Between two writes, µs.
        public var pause: Int64 = 200_000
        /// How long a message is on its way, µs.
        public var delay: ClosedRange<Int64> = 1_000...20_000
        /// Of how many publications one is lost; none where 0.
        public var oneLostOf = 0
        /// Of how many nodes one lies: it says that it is connected with everybody, and tells nothing on; none where 0.
        public var oneLiarOf = 0

        /// The defaults.
        public init() {}
    }

    /// What came of it.
    public struct Outcome: Sendable {
        /// Of each write how long it took until every honest node held it, µs.
        public internal(set) var times: [Int64] = []
        /// Publications, as often as they were sent to a peer, requests and replies.
        public internal(set) var messages = 0
        /// Those of them that told of heads.
        public internal(set) var announcements = 0
        /// Deltas that came to a node that held them already.
        public internal(set) var duplicates = 0
        /// Nodes that lack something at the end.
        public internal(set) var incomplete = 0
        /// Messages by write and node; 1 is the least, since each has to be sent the write.
        public internal(set) var perWriteAndNode = 0.0
    }

    private enum Event {
        case write(Int)
        case published(from: Int, to: Int, number: Int64, deltas: [Int], heads: [Int])
        case stored(node: Int, write: Int, from: Int)
        case tell(Int)
        case pulled(node: Int, from: Int, write: Int)
        case news(node: Int, from: Int)
        case look(Int)
        case askNext(Int)
    }

    private struct Node {
        var audience: Audience
        var gathered = GatheredHeads()
        var numbers: [Int: PublicationNumbers] = [:]
        var published: Int64 = 0
        var held: Set<Int> = []
        /// Writes that are on their way through admission.
        var coming: Set<Int> = []
        var pulling: Set<[Int]> = []
        /// Peers known to hold a write.
        var holders: [Int: Set<PublicKey>] = [:]
        /// Which peer it asks for news next; none where it lacks nothing.
        var nextAsked: Int?
    }

    /// What verifying and storing a delta takes, µs.
    private static let storing: Int64 = 1_500
    private static let minute: Int64 = 60_000_000
    /// When it is looked who lacks a write, and has to find it by asking.
    private static let patience: Int64 = 1_000_000
    private static let end: Int64 = 400_000_000

    private let network: SimulatedNetwork
    private let settings: Settings
    private var generator: any RandomNumberGenerator
    private var events = EventQueue<Event>()
    private var nodes: [Node]
    private var authors: [Int] = []
    private var written: [Int64] = []
    private var lacking: [Int] = []
    private var outcome = Outcome()

    /// Runs a simulation to its end.
    public static func run(
        _ network: SimulatedNetwork,
        _ settings: Settings,
        using generator: some RandomNumberGenerator
    ) -> Outcome {
        var simulation = MeshSimulation(network, settings, generator)
        simulation.run()
        return simulation.outcome
    }

    private init(_ network: SimulatedNetwork, _ settings: Settings, _ generator: some RandomNumberGenerator) {
        self.network = network
        self.settings = settings
        self.generator = generator
        let everybody = Set(network.keys)
        var said: [PublicKey: Set<PublicKey>] = [:]
        for (node, key) in network.keys.enumerated() {
            let isLiar = settings.oneLiarOf > 0 && node % settings.oneLiarOf == settings.oneLiarOf - 1
            said[key] = network.isMesh || isLiar ? everybody : Set(network.links[node].map { network.keys[$0] })
        }
        nodes = network.keys.enumerated().map { node, key in
            let peers = network.isMesh ? everybody : Set(network.links[node].map { network.keys[$0] })
            // What it knows of others is of no account, so all can share one value.
            return Node(audience: Audience(own: key, connected: peers, neighbours: said))
        }
    }

    private func isLiar(_ node: Int) -> Bool {
        settings.oneLiarOf > 0 && node % settings.oneLiarOf == settings.oneLiarOf - 1
    }

    private func head(_ write: Int) -> AuthorHead {
        AuthorHead(author: network.keys[authors[write]], id: DeltaID(SimulatedNetwork.bytes(write, of: 2)))
    }

    private mutating func delay() -> Int64 { Int64.random(in: settings.delay, using: &generator) }

    private mutating func run() {
        let honest = network.keys.indices.filter { !isLiar($0) }
        let order = honest.shuffled(using: &generator)
        for write in 0..<settings.writes {
            authors.append(order[write % order.count])
            written.append(Int64(write) * settings.pause)
            lacking.append(honest.count)
            events.add(.write(write), at: written[write])
            events.add(.look(write), at: written[write] + Self.patience)
        }
        outcome.times = Array(repeating: Self.end, count: settings.writes)
        while let (time, event) = events.next(), time < Self.end { on(event, now: time) }
        outcome.incomplete = honest.count { nodes[$0].held.count < settings.writes }
        outcome.perWriteAndNode = Double(outcome.messages) / Double(settings.writes * network.count)
    }

    private mutating func on(_ event: Event, now: Int64) {
        switch event {
        case .write(let write):
            hold(write, at: authors[write], from: nil, now: now)
            publish(from: authors[write], deltas: [write], heads: [], now: now)
        case .published(let from, let to, let number, let deltas, let heads):
            let isWhole = nodes[to].numbers[from, default: PublicationNumbers()].note(number)
            if !isWhole { ask(from, by: to, now: now) }
            for write in deltas { receive(write, at: to, from: from, now: now) }
            hear(heads, at: to, from: from, now: now)
        case .stored(let node, let write, let from):
            nodes[node].coming.remove(write)
            hold(write, at: node, from: from, now: now)
        case .tell(let node): tell(node, now: now)
        case .pulled(let node, let from, let write):
            nodes[node].pulling.remove([from, write])
            receive(write, at: node, from: from, now: now)
        case .news(let node, let from):
            let news = nodes[from].held.subtracting(nodes[node].held).sorted()
            for write in news where !isLiar(from) { pull(write, from: from, by: node, now: now) }
        case .look(let write):
            for node in network.keys.indices where !isLiar(node) && !nodes[node].held.contains(write) {
                startAsking(node, now: now)
            }
        case .askNext(let node): askNext(node, now: now)
        }
    }

    // MARK: - Telling

    private mutating func publish(from node: Int, deltas: [Int], heads: [Int], now: Int64) {
        let number = nodes[node].published
        nodes[node].published += 1
        for peer in network.neighbours(of: node) {
            outcome.messages += 1
            if !heads.isEmpty { outcome.announcements += 1 }
            if settings.oneLostOf > 0, Int.random(in: 0..<settings.oneLostOf, using: &generator) == 0 { continue }
            let arrival = now + delay()
            events.add(.published(from: node, to: peer, number: number, deltas: deltas, heads: heads), at: arrival)
        }
    }

    private mutating func hold(_ write: Int, at node: Int, from peer: Int?, now: Int64) {
        nodes[node].held.insert(write)
        if let peer { nodes[node].holders[write, default: []].insert(network.keys[peer]) }
        guard !isLiar(node) else { return }
        lacking[write] -= 1
        if lacking[write] == 0 { outcome.times[write] = now - written[write] }
        let author = network.keys[authors[write]]
        guard authors[write] != node, nodes[node].audience.hasAny(for: author) else { return }
        let moment = Uptime(microseconds: now)
        let isPaused = nodes[node].gathered.isPaused(now: moment)
        let longest = isPaused ? nodes[node].audience.longestFirstWait(for: author) : Audience.longestWait
        var heads = NewHeads()
        heads.add(head(write))
        let wait = Int64.random(in: 0...longest.microseconds, using: &generator)
        nodes[node].gathered.add(heads, wait: .microseconds(wait), now: moment)
        if let due = nodes[node].gathered.due { events.add(.tell(node), at: due.microseconds) }
    }

    private mutating func tell(_ node: Int, now: Int64) {
        var audience = nodes[node].audience
        let holders = nodes[node].holders
        let writes = Dictionary(uniqueKeysWithValues: nodes[node].held.map { (head($0).id, $0) })
        let told = nodes[node].gathered.take(now: Uptime(microseconds: now)) { heads in
            heads.filter { head in
                let known = writes[head.id].flatMap { holders[$0] } ?? []
                return audience.isNews(head) { known.contains($0) }
            }
        }
        nodes[node].audience = audience
        guard let told else { return }
        publish(from: node, deltas: [], heads: told.compactMap { writes[$0.id] }, now: now)
    }

    private mutating func hear(_ heads: [Int], at node: Int, from peer: Int, now: Int64) {
        guard !heads.isEmpty, !isLiar(node) else { return }
        nodes[node].audience.announced(heads.map { head($0) }, by: network.keys[peer])
        for write in heads {
            nodes[node].holders[write, default: []].insert(network.keys[peer])
            if !nodes[node].held.contains(write) { pull(write, from: peer, by: node, now: now) }
        }
    }

    // MARK: - Fetching

    private mutating func receive(_ write: Int, at node: Int, from peer: Int, now: Int64) {
        guard !nodes[node].held.contains(write), nodes[node].coming.insert(write).inserted else {
            outcome.duplicates += 1
            return
        }
        events.add(.stored(node: node, write: write, from: peer), at: now + Self.storing)
    }

    private mutating func pull(_ write: Int, from peer: Int, by node: Int, now: Int64) {
        guard nodes[node].pulling.insert([peer, write]).inserted else { return }
        outcome.messages += 2
        events.add(.pulled(node: node, from: peer, write: write), at: now + delay() + delay())
    }

    private mutating func ask(_ peer: Int, by node: Int, now: Int64) {
        guard !isLiar(node) else { return }
        outcome.messages += 2
        events.add(.news(node: node, from: peer), at: now + delay() + delay())
    }

    private mutating func startAsking(_ node: Int, now: Int64) {
        guard nodes[node].nextAsked == nil else { return }
        let peers = network.neighbours(of: node)
        nodes[node].nextAsked = Int.random(in: peers.indices, using: &generator)
        let interval = Self.minute / Int64(peers.count)
        events.add(.askNext(node), at: now + Int64.random(in: 0...interval, using: &generator))
    }

    private mutating func askNext(_ node: Int, now: Int64) {
        let isComplete = written.indices.allSatisfy { written[$0] > now || nodes[node].held.contains($0) }
        guard !isComplete, let next = nodes[node].nextAsked else {
            nodes[node].nextAsked = nil
            return
        }
        let peers = network.neighbours(of: node)
        ask(peers[next % peers.count], by: node, now: now)
        nodes[node].nextAsked = next + 1
        events.add(.askNext(node), at: now + Self.minute / Int64(peers.count))
    }
}
