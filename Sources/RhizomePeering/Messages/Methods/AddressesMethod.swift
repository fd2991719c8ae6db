internal import Bytes
internal import DeterministicCBOR
internal import RhizomeIdentity
internal import SignedStatements

/// Asks for newer address records of peers that can't be reached (spec: meeting.md, "Addresses").
struct AddressesMethod: PeerMethod {
    /// A key, and of when the record is that the asking side holds.
    struct Wanted: Hashable, Sendable {
        let key: PublicKey
        let time: Timestamp
    }

    static let name: Text = "addresses"
    static let parameterCount = 1
    /// Keys that are asked for at once, and records that are answered.
    static let most = 256

    let wanted: [Wanted]

    init(wanted: [Wanted]) { self.wanted = wanted }

    init(from reader: inout CBORReader) throws(CBORError) {
        var wanted: [Wanted] = []
        for _ in 0..<(try reader.array(atMost: Self.most)) {
            guard try reader.array() == 2 else { throw .unexpected(at: reader.offset) }
            let key = PublicKey(try reader.bytes32())
            wanted.append(Wanted(key: key, time: Timestamp(microseconds: try reader.integer())))
        }
        self.wanted = wanted
    }

    func write(to writer: inout CBORWriter) {
        writer.array(wanted.count)
        for wanted in wanted {
            writer.array(2)
            writer.byteString(wanted.key.bytes)
            writer.integer(wanted.time.microseconds)
        }
    }

    /// The records as they came: verified are those that count.
    static func readReply(_ reader: inout CBORReader) throws(CBORError) -> [[UInt8]] {
        guard try reader.array() == 1 else { throw .unexpected(at: reader.offset) }
        var records: [[UInt8]] = []
        for _ in 0..<(try reader.array(atMost: most)) {
            let record = try reader.byteString()
            guard record.count <= AddressRecord.mostBytes else { throw .unexpected(at: reader.offset) }
            records.append(record)
        }
        return records
    }

    static func write(_ reply: [[UInt8]], to writer: inout CBORWriter) {
        writer.array(1)
        writer.byteStrings(reply)
    }
}
