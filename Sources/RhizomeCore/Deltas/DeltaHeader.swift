public import Bytes
internal import DeterministicCBOR

/// What an author signs: the place of a delta in its log, its time, and which body belongs to it (spec: delta.md).
public struct DeltaHeader: Hashable, Sendable {
    /// 0 for a log's first delta, else one more than the greatest among `previous`.
    public let sequence: Int64
    /// The author's deltas right before this one, sorted by bytes, each once; at most 8.
    public let previous: [DeltaID]
    /// µs since 1970 UTC, 0 ≤ t < 2^53.
    public let timeCreated: Timestamp
    /// SHA-256 of the body's bytes.
    public let bodyHash: Bytes32
    /// How many bytes the body has.
    public let bodyCount: Int64

    private static let version: Int64 = 1

    /// A header of these properties; whether they fit together isn't checked.
    package init(sequence: Int64, previous: [DeltaID], timeCreated: Timestamp, bodyHash: Bytes32, bodyCount: Int64) {
        self.sequence = sequence
        self.previous = previous
        self.timeCreated = timeCreated
        self.bodyHash = bodyHash
        self.bodyCount = bodyCount
    }

    /// Reads a payload.
    init(payload: [UInt8]) throws(DeltaRefusal) {
        var reader = CBORReader(payload)
        do throws(CBORError) {
            guard try reader.array() == 6 else { throw .unexpected(at: 0) }
            guard try reader.integer() == Self.version else { throw .unexpected(at: reader.offset) }
            sequence = try reader.integer()
            let count = try reader.array(atMost: DeltaLimits.previous)
            var previous: [DeltaID] = []
            for _ in 0..<count {
                let id = DeltaID(try reader.bytes32())
                if let last = previous.last, last >= id { throw .unexpected(at: reader.offset) }
                previous.append(id)
            }
            self.previous = previous
            timeCreated = Timestamp(microseconds: try reader.integer())
            bodyHash = try reader.bytes32()
            bodyCount = try reader.integer()
            try reader.finish()
        } catch {
            throw DeltaRefusal(in: "payload", error)
        }
        guard sequence >= 0, bodyCount >= 0 else { throw .malformed("a negative number in the payload") }
        guard timeCreated >= Timestamp(microseconds: 0), timeCreated < DeltaLimits.time else {
            throw .malformed("timeCreated is outside 0 ..< 2^53")
        }
        guard (sequence == 0) == previous.isEmpty else {
            throw DeltaRefusal(.chain, "sequence \(sequence) with \(previous.count) previous")
        }
    }

    /// The payload that is signed.
    package var payload: [UInt8] {
        var writer = CBORWriter(capacity: 96 + 34 * previous.count)
        writer.array(6)
        writer.integer(Self.version)
        writer.integer(sequence)
        writer.array(previous.count)
        for id in previous { writer.byteString(id.bytes) }
        writer.integer(timeCreated.microseconds)
        writer.byteString(bodyHash)
        writer.integer(bodyCount)
        return writer.bytes
    }
}
