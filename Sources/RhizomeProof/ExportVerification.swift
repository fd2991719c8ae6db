public import Bytes
internal import RhizomeCore
public import SignedStatements

/// Checks an export: that each delta in it is one that its author signed.
///
/// Needs nothing but the file. What is left out of an export can't be told by it: a proof that is complete shows more.
public struct ExportVerification: Sendable {
    /// What there is by one author.
    public struct Author: Sendable {
        /// How many deltas.
        public fileprivate(set) var count: Int64 = 0
        /// The least time, µs since 1970.
        public fileprivate(set) var firstTime = Timestamp.max
        /// The greatest time, µs since 1970.
        public fileprivate(set) var lastTime = Timestamp.min
    }

    /// A delta that doesn't hold.
    public struct Fault: Sendable {
        /// Which one of the file, from 1.
        public let place: Int64
        /// What is wrong, in one sentence.
        public let message: String
    }

    /// How many faults are kept.
    public static let mostFaults = 100
    /// How many bytes are verified at once.
    private static let batchBytes = 1 << 20

    /// By author: what was verified.
    public private(set) var authors: [PublicKey: Author] = [:]
    /// How many deltas were looked at.
    public private(set) var count: Int64 = 0
    /// The first deltas that don't hold.
    public private(set) var faults: [Fault] = []
    /// How many don't.
    public private(set) var faultCount: Int64 = 0

    private var sequence = SignedDeltaSequence()
    private var batch: [[UInt8]] = []
    private var batchBytes = 0
    private let width: Int

    /// A verification of which nothing has come.
    ///
    /// - Parameter width: how many tasks verify at the same time.
    public init(width: Int) { self.width = max(1, width) }

    /// Whether what begins so is an export, and not a proof.
    public static func isExport(_ start: [UInt8]) -> Bool { start.first == 0x82 }

    /// Takes in what follows.
    ///
    /// - Throws: ``SignedDeltaSequence/Fault`` once all before it is verified.
    @concurrent
    public mutating func take(_ bytes: [UInt8]) async throws {
        sequence.append(bytes)
        do {
            while let delta = try sequence.next() {
                batch.append(delta)
                batchBytes += delta.count
                if batchBytes >= Self.batchBytes { await verify() }
            }
        } catch {
            await verify()
            throw error
        }
    }

    /// Takes in the end.
    ///
    /// - Throws: as ``take(_:)``.
    @concurrent
    public mutating func finish() async throws {
        await verify()
        try sequence.finish()
    }

    private mutating func verify() async {
        let share = max(1, (batch.count + width - 1) / width)
        let results = await withTaskGroup(of: (Int, [Result<DeltaLink, DeltaRefusal>]).self) { group in
            for (number, part) in batch.chunks(of: share).enumerated() {
                group.addTask { (number, part.map(Self.verify)) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for result in results.sorted(by: { $0.key < $1.key }).flatMap(\.value) { note(result) }
        batch = []
        batchBytes = 0
    }

    private static func verify(_ bytes: [UInt8]) -> Result<DeltaLink, DeltaRefusal> {
        do throws(DeltaRefusal) {
            let delta = try SignedDelta(decoding: bytes)
            return VerifiedDelta.verify(delta).map { DeltaLink($0.delta) }
        } catch {
            return .failure(error)
        }
    }

    private mutating func note(_ result: Result<DeltaLink, DeltaRefusal>) {
        count += 1
        switch result {
        case .success(let link):
            // Nearly a verification: once for each author.
            guard authors[link.author] != nil || link.author.isAcceptable else {
                return fail("the author's key can't be an identity")
            }
            var author = authors[link.author] ?? Author()
            author.count += 1
            author.firstTime = min(author.firstTime, link.head.timeCreated)
            author.lastTime = max(author.lastTime, link.head.timeCreated)
            authors[link.author] = author
        case .failure(let refusal): fail(refusal.message)
        }
    }

    private mutating func fail(_ message: String) {
        faultCount += 1
        if faults.count < Self.mostFaults { faults.append(Fault(place: count, message: message)) }
    }
}
