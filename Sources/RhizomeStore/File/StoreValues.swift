internal import Bytes
internal import Foundation
internal import GRDB
internal import RhizomeCore
internal import SignedStatements

extension Row {
    /// A number.
    ///
    /// - Throws: what ``DeltaLogError/init(store:)`` tells as `corrupt`, where the column holds something else.
    func integer(_ index: Int) throws -> Int64 { try decode(Int64.self, atIndex: index) }

    func timestamp(_ index: Int) throws -> Timestamp { Timestamp(microseconds: try integer(index)) }

    /// A number that counts or orders something: below 2^53, so that nothing overflows that is computed with it.
    ///
    /// - Throws: `corrupt`.
    func ordinal(_ index: Int) throws -> Int64 {
        let number = try integer(index)
        guard (0..<1 << 53).contains(number) else {
            throw DeltaLogError(
                .corrupt,
                "a number in the store is beyond all that is counted there; run rhizome-node audit"
            )
        }
        return number
    }

    /// A BLOB's bytes.
    ///
    /// - Throws: `corrupt`, where the column holds something else.
    func bytes(_ index: Int) throws -> [UInt8] { try decode(StoredBytes.self, atIndex: index).bytes }

    /// A BLOB's bytes, or NULL.
    func optionalBytes(_ index: Int) throws -> [UInt8]? { try decode(Data?.self, atIndex: index).map { [UInt8]($0) } }

    /// A BLOB of 32 bytes.
    func bytes32(_ index: Int) throws -> Bytes32 {
        try decode(StoredBytes32.self, atIndex: index).bytes
    }

    /// A delta's id.
    func id(_ index: Int) throws -> DeltaID { DeltaID(try bytes32(index)) }

    /// A public key.
    func key(_ index: Int) throws -> PublicKey { PublicKey(try bytes32(index)) }

    /// A text, stored as its bytes.
    func text(_ index: Int) throws -> Text {
        guard let text = Text(utf8: try bytes(index)) else {
            throw DeltaLogError(.corrupt, "the store holds a text that isn't UTF-8; run rhizome-node audit")
        }
        return text
    }
}

extension Bytes32 {
    /// The bytes as SQLite takes them.
    var blob: Data { Data(array) }

    /// The first eight bytes as SQLite's signed number.
    var prefixNumber: Int64 { Int64(bitPattern: prefix64) }
}

extension Text {
    /// The bytes as SQLite takes them.
    var blob: Data { Data(utf8) }
}

extension SignedHeader {
    /// The header that is stored of a delta.
    ///
    /// - Throws: ``DeltaRefusal``, or `corrupt` where it is another delta's.
    init(stored bytes: [UInt8], of id: DeltaID) throws {
        try self.init(decoding: bytes)
        guard self.id == id else { throw DeltaLogError.misfiled }
    }
}

extension DeltaLogError {
    /// What is stored under an id is something else.
    static let misfiled = Self(.corrupt, "a delta isn't the one it is filed as; run rhizome-node audit")

    /// What SQLite, GRDB or a decoder says, in the log's words.
    init(store error: any Error) {
        switch error {
        case let error as DeltaLogError: self = error
        case let error as DatabaseError:
            let words = "\(error.message ?? "no message") (SQLite \(error.extendedResultCode.rawValue))"
            switch error.resultCode {
            case .SQLITE_FULL:
                self.init(.disk, "the disk is full: nothing of this write was kept; make room and try again")
            case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_NOMEM:
                self.init(.disk, "the disk failed while the store used it: \(words)")
            case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
                self.init(.disk, "the store can't be written: \(words); check who owns its folder and files")
            case .SQLITE_BUSY, .SQLITE_LOCKED:
                self.init(.locked, "another program keeps the store busy: \(words)")
            default:
                self.init(.corrupt, "what is in the store isn't what was stored: \(words); run rhizome-node audit")
            }
        case let error as RowDecodingError:
            self.init(.corrupt, "a row of the store has a value of the wrong kind: \(error); run rhizome-node audit")
        case let error as DeltaRefusal:
            self.init(.corrupt, "a stored delta is no delta any more: \(error); run rhizome-node audit")
        default:
            self.init(.disk, "the store can't be used: \(error)")
        }
    }
}
