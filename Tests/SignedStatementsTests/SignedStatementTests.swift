import Bytes
import DeterministicCBOR
import RhizomeTesting
import SignedStatements
import Sodium
import Testing

/// A delta of the vectors, as far as its signed header goes.
private struct DeltaVector: Decodable {
    let name: String
    let seed: String
    let wire: String
    let id: String

    var bytes: [UInt8] { Hex.decode(wire) ?? [] }

    func signer() throws -> KeySigner { try TestAuthors.signer(seed: Hex.decode(seed) ?? []) }

    /// The header, and where its bytes lie in the wire.
    func statement() throws(CBORError) -> (statement: SignedStatement, range: Range<Int>) {
        var reader = CBORReader(bytes)
        guard try reader.array() == 2 else { throw .unexpected(at: 0) }
        let start = reader.offset
        let statement = try SignedStatement(from: &reader, purpose: .delta)
        return (statement, start..<reader.offset)
    }
}

extension SignedStatement.Purpose {
    fileprivate static let delta = Self("rhizome.delta.v1")
}

@Suite struct SignedStatementTests {
    @Test("a delta's header is read, verified and named as in the vectors, and written as it came")
    func vectors() throws {
        let vectors: [DeltaVector] = try TestFiles.cases("delta")
        #expect(!vectors.isEmpty)
        for vector in vectors {
            let (statement, range) = try vector.statement()
            #expect(statement.isValid, "\(vector.name)")
            #expect(Hex.encode(statement.id.array) == vector.id)
            #expect(statement.encoded == Array(vector.bytes[range]))
            #expect(statement.signer == (try vector.signer().publicKey))
        }
    }

    @Test("signing a vector's payload with its key gives the vector's bytes")
    func signing() throws {
        for vector in try TestFiles.cases("delta", as: DeltaVector.self) {
            let (statement, _) = try vector.statement()
            #expect(try vector.signer().sign(statement.payload, for: .delta) == statement)
        }
    }

    @Test("a signature is valid for one purpose, one signer and one payload, and the id changes with each of them")
    func binding() throws {
        let key = try SigningKey.generate()
        let signed = SignedStatement(signing: [1, 2, 3], purpose: .delta, with: key)
        #expect(signed.isValid)
        func read(_ bytes: [UInt8], for purpose: SignedStatement.Purpose = .delta) throws(CBORError) -> SignedStatement
        {
            var reader = CBORReader(bytes)
            return try SignedStatement(from: &reader, purpose: purpose)
        }
        let otherPurpose = try read(signed.encoded, for: .init("rhizome.trust.v1"))
        #expect(!otherPurpose.isValid)
        #expect(otherPurpose.id != signed.id)
        let other = SignedStatement(signing: [1, 2, 3], purpose: .delta, with: try .generate())
        #expect(other.id != signed.id)
        // The id names what is signed, not the signature.
        var forged = signed.encoded
        forged[forged.count - 1] ^= 1
        #expect(try read(forged).id == signed.id)
        #expect(try !read(forged).isValid)
    }

    @Test("a header cut short anywhere is truncated")
    func truncation() throws {
        let encoded = SignedStatement(signing: [0x80], purpose: .delta, with: try .generate()).encoded
        for count in 0..<encoded.count {
            var reader = CBORReader(Array(encoded[..<count]))
            let error = #expect(throws: CBORError.self) { try SignedStatement(from: &reader, purpose: .delta) }
            #expect(error?.code == .truncated, "at \(count)")
        }
    }

    @Test("a header with any bit flipped is refused, or has no valid signature and is written as it came")
    func bitFlips() throws {
        let encoded = SignedStatement(signing: [1, 2, 3, 4], purpose: .delta, with: try .generate()).encoded
        var read = 0
        for bit in 0..<encoded.count * 8 {
            var flipped = encoded
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            var reader = CBORReader(flipped)
            guard let statement = try? SignedStatement(from: &reader, purpose: .delta) else { continue }
            read += 1
            #expect(!statement.isValid)
            #expect(statement.encoded == Array(flipped[..<reader.offset]))
        }
        // Signer, payload and signature: every bit of them is read, and then fails to verify.
        #expect(read >= (32 + 4 + 64) * 8)
    }
}
