import Bytes
import DeterministicCBOR
import SignedStatements
import Sodium

@testable import RhizomeIdentity

/// Trust journals, as they are and with each statement signed anew in its place, so that the rules behind the
/// signature are reached too: what is accepted is made of the same bytes again.
enum TrustJournals: FuzzTarget {
    static let name = "trust-journal"
    private static let seed = "0b0a230c7c1d3af014c9a645f277c4cee7c440004bd37c569de393432572680f"
    private static let owner = Result {
        try Identity(seed: SecretBytes(joining: [.open(Hex.decode(seed) ?? [])]))
    }

    static func seeds(_ vectors: Vectors) throws -> [[UInt8]] { try vectors.bytes("journal", "journal") }

    static func check(_ bytes: [UInt8]) throws -> Bool {
        let owner = try owner.get()
        let isAccepted = try examine(bytes, owner)
        let signed = signedAnew(bytes, owner)
        return signed == bytes ? isAccepted : try examine(signed, owner) || isAccepted
    }

    private static func examine(_ bytes: [UInt8], _ owner: Identity) throws -> Bool {
        let parsed: TrustJournal.Parsed
        do throws(IdentityError) {
            parsed = try TrustJournal.parse(bytes, owner: owner.publicKey)
        } catch { return false }
        let whole = Array(bytes[..<(parsed.tornAt ?? bytes.count)])
        try require(parsed.list.statements.flatMap(\.signed.encoded) == whole, "a journal is its statements")
        let repaired = try TrustJournal.parse(whole, owner: owner.publicKey)
        try require(repaired.tornAt == nil && repaired.list.head == parsed.list.head, "a repaired journal is whole")
        for statement in parsed.list.statements {
            var writer = CBORWriter()
            statement.change.writeAttributes(to: &writer)
            var reader = CBORReader(writer.bytes)
            let again = try TrustChange(
                reading: &reader,
                action: Text(statement.change.action.rawValue),
                of: statement.change.identity
            )
            try require(again == statement.change && reader.isAtEnd, "what a statement says is read as it is written")
        }
        return parsed.list.count > 0
    }

    /// The statements with the sequence, the previous and the signature that their place in the chain needs.
    private static func signedAnew(_ bytes: [UInt8], _ owner: Identity) -> [UInt8] {
        var reader = CBORReader(bytes)
        var writer = CBORWriter()
        var previous: Bytes32?
        var sequence: Int64 = 0
        while !reader.isAtEnd {
            let start = reader.offset
            guard let statement = try? SignedStatement(from: &reader, purpose: TrustStatement.purpose) else {
                writer.raw(Array(bytes[start...]))
                break
            }
            let payload = chained(statement.payload, sequence: sequence, previous: previous) ?? statement.payload
            let signed = owner.sign(payload, for: TrustStatement.purpose)
            signed.write(to: &writer)
            previous = signed.id
            sequence += 1
        }
        return writer.bytes
    }

    private static func chained(_ payload: [UInt8], sequence: Int64, previous: Bytes32?) -> [UInt8]? {
        var reader = CBORReader(payload)
        do throws(CBORError) {
            guard try reader.array() == 7 else { return nil }
            let version = try reader.integer()
            _ = try reader.integer()
            if try !reader.readNull() { _ = try reader.bytes32() }
            var writer = CBORWriter()
            writer.array(7)
            writer.integer(version)
            writer.integer(sequence)
            if let previous { writer.byteString(previous) } else { writer.null() }
            writer.raw(Array(payload[reader.offset...]))
            return writer.bytes
        } catch { return nil }
    }
}
