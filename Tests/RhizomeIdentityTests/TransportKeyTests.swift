import Bytes
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Testing

@Suite struct TransportKeyTests {
    @Test("a transport key names its identity and that one's mirror image, and no other")
    func candidates() throws {
        for label in ["alice", "bob", "carol", "dave"] {
            let key = try TestAuthors.signer(label).publicKey
            let candidates = PublicKey.candidates(forTransportKey: try #require(key.transportKey))
            #expect(candidates.count == 2)
            #expect(candidates.contains(key))
            var mirrored = key.bytes.array
            mirrored[31] ^= 0x80
            #expect(candidates.contains { $0.bytes.array == mirrored })
        }
    }

    @Test("a transport key that no identity has names none", arguments: [0, 1, 9, 255] as [UInt8])
    func none(byte: UInt8) throws {
        let key = try #require(Bytes32([byte] + [UInt8](repeating: 0, count: 31)))
        for candidate in PublicKey.candidates(forTransportKey: key) { #expect(candidate.transportKey == key) }
        #expect(PublicKey.candidates(forTransportKey: Bytes32(repeating: 255)).isEmpty)
    }
}
