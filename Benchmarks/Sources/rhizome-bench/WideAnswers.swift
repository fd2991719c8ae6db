import Bytes
import RhizomeCore
import RhizomeStore
import RhizomeViews

/// How much memory answers about wide deltas take that several readers ask for at once: in a process of its own.
struct WideAnswers {
    /// What is read.
    enum Kind: String, CaseIterable {
        /// The lossless view of 40 deltas of 1,024 pointers each.
        case pointers
        /// The history of 1,500 changes of 250 KiB each.
        case bytes
        /// The view of an entity of 110 properties of 250 KiB each: 27 MB.
        case properties

        /// As what the row is told.
        var name: String {
            switch self {
            case .pointers: "lossless, 40 deltas of 1,024"
            case .bytes: "history, 1,500 of 250 KiB"
            case .properties: "entity of 27 MB"
            }
        }

        /// How many ask at once, and how often each.
        var readers: (count: Int, times: Int) {
            switch self {
            case .pointers: (16, 1)
            case .bytes: (8, 1)
            case .properties: (8, 15)
            }
        }
    }

    private static let target = 300
    private static let targetAfterwards = 100

    /// Where the stores lie; built once.
    let folder: String

    func run() async throws {
        print("wide answers    asked for at once, each kind in a process of its own:")
        for kind in Kind.allCases {
            let log = try await SQLiteDeltaLog.prepared(folder + "-\(kind.rawValue)") { try await build(kind, $0) }
            try log.close()
            let kibibytes = try FreshProcess.run(["--store", folder, "--measure-answers", kind.rawValue])
            guard kibibytes.count == 2 else { throw BenchmarkError("the fresh process told no memory") }
            Goal.memory(kibibytes[0] >> 10, below: Self.target).tell("\(kind.name), \(kind.readers.count) readers")
            Goal.memory(kibibytes[1] >> 10, below: Self.targetAfterwards).tell("  a second afterwards")
        }
    }

    /// In the fresh process: reads, and prints the most memory that it took and what it takes a second later, in KiB.
    func measure(_ kind: Kind) async throws {
        let log = try SQLiteDeltaLog.openForReading(
            folder: folder + "-\(kind.rawValue)",
            version: "bench",
            now: SystemTime.now
        )
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<kind.readers.count {
                group.addTask {
                    for _ in 0..<kind.readers.times {
                        guard try await Self.readUntilTold(kind, log) else { return false }
                    }
                    return true
                }
            }
            for try await isRead in group where !isRead { throw BenchmarkError("nothing was read") }
        }
        let most = try StartMeasurement.highWaterKiB()
        try await Task.sleep(for: .seconds(1))
        print("\(most) \(try StartMeasurement.residentKiB())")
        try log.close()
    }

    /// Reads, again where others took all memory for too long, as who is answered 503 does.
    private static func readUntilTold(_ kind: Kind, _ log: SQLiteDeltaLog) async throws -> Bool {
        while true {
            do { return try await read(kind, log) } catch let error as DeltaLogError where error.code == .busy {}
        }
    }

    /// Reads all of it, bit by bit where it is given so.
    private static func read(_ kind: Kind, _ log: SQLiteDeltaLog) async throws -> Bool {
        let reader = EntityReader(log: log)
        switch kind {
        case .pointers: return try await reader.lossless("wide")?.reduce(0) { count, _ in count + 1 } == 40
        case .bytes: return try await reader.history(of: "wide")?.reduce(0) { count, _ in count + 1 } == 1_500
        case .properties: return try await reader.entity("wide") != nil
        }
    }

    private func build(_ kind: Kind, _ log: SQLiteDeltaLog) async throws {
        var writer = try DeltaWriter(log, authors: 1)
        switch kind {
        case .pointers:
            for number in 0..<40 {
                let pointers = (0..<1_024).map { index in
                    Pointer("r", entity: index == 0 ? "wide" : Text("e-\(number)-\(index)"), targetContext: "p")
                }
                try await writer.write(pointers)
            }
        case .bytes:
            let text = Text(String(repeating: "x", count: 250 << 10))
            for _ in 0..<1_500 { try await writer.write(Self.word("p", text)) }
        case .properties:
            let text = Text(String(repeating: "x", count: 250 << 10))
            for number in 0..<110 { try await writer.write(Self.word(Text("p\(number)"), text)) }
        }
        try await writer.finish()
    }

    private static func word(_ property: Text, _ text: Text) -> [Pointer] {
        [Pointer("user", entity: "wide", targetContext: property), Pointer(property, .text(text))]
    }
}
