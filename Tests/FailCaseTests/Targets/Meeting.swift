import Bytes
import RhizomeIdentity
import SignedStatements
import StrictJSON

/// What a person pastes to join: what is accepted is printed as it was read.
enum InvitationLines: FuzzTarget {
    static let name = "invitation"

    static func seeds(_ vectors: Vectors) throws -> [[UInt8]] {
        try vectors.members(of: "lines", in: "meeting").compactMap { $0["text"]?.text.map { Array($0.utf8) } }
    }

    static func check(_ bytes: [UInt8]) throws -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        let line: InvitationLine
        do throws(IdentityError) { line = try InvitationLine(parsing: text) } catch { return false }
        try require(line.description.utf8.elementsEqual(text.utf8), "a line has one text")
        return true
    }
}

/// What host and guest sign for each other: what is accepted has one encoding, and what it says is bounded.
enum JoinStatements: FuzzTarget {
    static let name = "join"

    static func seeds(_ vectors: Vectors) throws -> [[UInt8]] {
        try vectors.members(of: "joins", in: "meeting").compactMap {
            $0["join"]?.text.flatMap { Hex.decode($0.string) }
        }
    }

    static func check(_ bytes: [UInt8]) throws -> Bool {
        guard let join = JoinStatement(verifying: bytes) else { return false }
        try require(join.signed.encoded == bytes, "a statement has one encoding")
        try require(join.addresses.count <= JoinStatement.mostAddresses, "addresses are bounded")
        try require(join.time.microseconds >= 0, "it is dated after 1970")
        return true
    }
}

/// Where a node says that it is: what is accepted has one encoding, and holds for 30 days at most.
enum AddressRecords: FuzzTarget {
    static let name = "address-record"

    static func seeds(_ vectors: Vectors) throws -> [[UInt8]] {
        try vectors.members(of: "records", in: "meeting")
            .compactMap { $0["record"]?.text.flatMap { Hex.decode($0.string) } }
    }

    static func check(_ bytes: [UInt8]) throws -> Bool {
        guard let record = AddressRecord(verifying: bytes) else { return false }
        try require(record.signed.encoded == bytes, "a record has one encoding")
        try require(record.addresses.count <= AddressRecord.mostAddresses, "addresses are bounded")
        try require(record.until - record.time <= AddressRecord.longest, "it doesn't hold for ever")
        return true
    }
}
