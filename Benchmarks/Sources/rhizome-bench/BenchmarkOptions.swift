import Foundation

/// What the command line asks for.
struct BenchmarkOptions {
    /// How many deltas the store has.
    var count = 1_000_000
    /// Where it lies; kept from one run to the next.
    var folder: String
    /// Measure the start alone and print numbers for the process that asked: see `StartMeasurement`.
    var isStart = false
    /// Audit the store, too.
    var isAudit = false
    /// Measure catching up, and nothing else.
    var isCatchUp = false
    /// Measure how writes spread, and nothing else.
    var isSpreading = false
    /// Measure views, and nothing else.
    var isViews = false
    /// Measure queries, and nothing else.
    var isQueries = false
    /// Measure writes over HTTP, and nothing else.
    var isWrites = false
    /// Read wide answers and print the memory that they took, for the process that asked: see `WideAnswers`.
    var answers: WideAnswers.Kind?
    /// Run a node with this home and do nothing else: see `BenchmarkNode`.
    var nodeHome: String?
    /// How many deltas that node is to hold before it ends; it runs until it is told to end where there is none.
    var expected: Int?
    /// Whether it has an HTTP API.
    var hasHTTP = false
    /// Where it listens for requests, with publications at the next port; at any free ones where 0.
    var port: UInt16 = 0
    /// Measure a network of so many nodes, and nothing else.
    var meshSize: Int?
    /// Simulate larger ones from this seed, and nothing else.
    var simulationSeed: UInt64?
    /// How many writes these make.
    var meshWrites = 200
    /// Which of them are connected.
    var meshShape = MeshShape.mesh
    /// How many more peers the first of them trusts, at whose addresses nobody is.
    var absentPeers = 0
    /// Whether one of them is distrusted by its neighbours in the end.
    var isOneDistrusted = false

    static let usage = """
        rhizome-bench [--deltas N] [--store FOLDER] [--audit] [--views] [--catch-up] [--spreading] [--writes]
                      [--queries]
                      [--mesh N [--shape mesh|ring|star|random] [--puts N] [--absent N] [--distrust]]
                      [--mesh-simulation]

        Builds a store of N signed deltas (1000000) once, in FOLDER (Benchmarks/.store/N), and prints how fast; then
        how long a start takes in a fresh process and how much memory, and the rates of codec, verification, appends
        and pulls; what views cost, each figure beside its goal, of entities that were changed up to N times too; how
        fast one node fetches 100,000 deltas of another; how fast a write spreads over three hops and beside a flood;
        and how many writes a second the HTTP API takes. With --audit it audits a store that was built before instead;
        with --views, --queries, --catch-up, --spreading or --writes it measures that and nothing else, and with --mesh
        what a write costs among N nodes that all start at the same moment, where the first one may trust more peers that are never
        there (--absent), and in the end one of them may be distrusted (--distrust); --mesh-simulation simulates up to
        10,000. To build a store anew, remove its folder.
        """

    /// - Throws: a message for what can't be understood.
    init(_ arguments: [String]) throws(BenchmarkError) {
        var folder: String?
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--deltas":
                guard let count = rest.popFirst().flatMap({ Int($0) }), count > 0 else {
                    throw BenchmarkError("--deltas takes a number above 0")
                }
                self.count = count
            case "--store":
                guard let path = rest.popFirst() else { throw BenchmarkError("--store takes a folder") }
                folder = path
            case "--measure-start": isStart = true
            case "--measure-answers": answers = rest.popFirst().flatMap { WideAnswers.Kind(rawValue: $0) }
            case "--audit": isAudit = true
            case "--catch-up": isCatchUp = true
            case "--spreading": isSpreading = true
            case "--views": isViews = true
            case "--writes": isWrites = true
            case "--queries": isQueries = true
            case "--http": hasHTTP = true
            case "--port": port = rest.popFirst().flatMap { UInt16($0) } ?? 0
            case "--mesh":
                guard let size = rest.popFirst().flatMap({ Int($0) }), size > 1 else {
                    throw BenchmarkError("--mesh takes a number above 1")
                }
                meshSize = size
            case "--mesh-simulation": simulationSeed = 1
            case "--puts":
                guard let count = rest.popFirst().flatMap({ Int($0) }), count > 0 else {
                    throw BenchmarkError("--puts takes a number above 0")
                }
                meshWrites = count
            case "--absent":
                guard let count = rest.popFirst().flatMap({ Int($0) }), count >= 0 else {
                    throw BenchmarkError("--absent takes a number")
                }
                absentPeers = count
            case "--distrust": isOneDistrusted = true
            case "--shape":
                guard let shape = rest.popFirst().flatMap({ MeshShape(rawValue: $0) }) else {
                    throw BenchmarkError("--shape takes mesh, ring, star or random")
                }
                meshShape = shape
            case "--node": nodeHome = rest.popFirst()
            case "--until": expected = rest.popFirst().flatMap { Int($0) }
            default: throw BenchmarkError("unknown argument \(argument)\n\n\(Self.usage)")
            }
        }
        self.folder = folder ?? Self.stores + "/\(count)"
    }

    private static let stores = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: ".store").path

    /// Where the store lies over which queries are asked.
    var queriesFolder: String { Self.stores + "/queries" }

    /// Where the nodes that catch up have their homes.
    var catchUpFolder: String { Self.stores + "/catch-up" }

    /// Where the nodes among which writes spread have theirs.
    var nodesFolder: String { Self.stores + "/nodes" }
}

/// What went wrong, in words.
struct BenchmarkError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
