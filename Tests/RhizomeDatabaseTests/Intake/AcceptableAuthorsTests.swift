import Bytes
import RhizomeTesting
import SignedStatements
import Sodium
import Testing

@testable import RhizomeDatabase

@Suite struct AcceptableAuthorsTests {
    init() throws { try SodiumLibrary.initialize() }

    @Test("keys are asked about once, and not for ever")
    func acceptableAuthors() throws {
        let authors = AcceptableAuthors()
        let good = try TestAuthors.signer("alice").publicKey
        let bad = PublicKey(Bytes32(repeating: 0))
        for _ in 0..<3 {
            #expect(authors.isAcceptable(good))
            #expect(!authors.isAcceptable(bad))
        }
        for number in 0..<9_000 {
            let key = PublicKey(Bytes32(SHA256.hash([UInt8(number & 255), UInt8(number >> 8)]).array) ?? good.bytes)
            _ = authors.isAcceptable(key)
        }
        #expect(authors.remembered <= 8_192)
        #expect(authors.isAcceptable(good))
    }
}
