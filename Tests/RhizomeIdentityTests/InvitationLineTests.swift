import Bytes
import RhizomeIdentity
import RhizomeTesting
import SignedStatements
import Sodium
import Testing

/// The one line that a person sends to another (spec: meeting.md, "Invitations").
@Suite struct InvitationLineTests {
    private let key = "z6MksHbovTNUBmJNYfmq8TfjjJ9igCZJA4cH3r7DQAi1VCwy"
    private let code = "CJCnHvLhCz-OxsVEYP9cag"

    private func refusal(_ text: String) -> IdentityError.Code? {
        do throws(IdentityError) {
            _ = try InvitationLine(parsing: text)
            return nil
        } catch { return error.code }
    }

    @Test("the vectors' lines are read, and printed as they were; the others are refused")
    func vectors() throws {
        let lines = try MeetingVectors.load().lines
        #expect(lines.count == 17)
        for vector in lines {
            guard let did = vector.did else {
                let isNewer = vector.why == "a newer version's parameter"
                #expect(
                    refusal(vector.text) == (isNewer ? .newerVersion : .malformedInvitation),
                    "\(vector.why ?? "")"
                )
                continue
            }
            let line = try InvitationLine(parsing: vector.text)
            #expect(line.host.did == did)
            #expect(line.address.description == vector.address)
            #expect(line.code.description == vector.code)
            #expect(line.description == vector.text)
        }
    }

    @Test("a code gives the key that the vectors say, for signing and for connections")
    func keys() throws {
        let keys = try MeetingVectors.load().keys
        #expect(keys.count == 6)
        for vector in keys {
            let line = try InvitationLine(parsing: "rhizome-invite://\(key)@h:1?code=\(vector.code)")
            let pair = try line.code.key()
            #expect(Hex.encode(pair.publicKey.bytes.array) == vector.publicKey)
            #expect(pair.publicKey.did == vector.did)
            let transportKey = try #require(pair.publicKey.transportKey)
            #expect(Z85.encode(transportKey.array) == vector.transportPublic)
            let secret = try pair.transportSecret()
            #expect(Z85.encode(secret.revealing(0..<secret.count)) == vector.transportSecret)
        }
    }

    @Test("codes are random, and have one text each")
    func codes() throws {
        let codes = try (0..<100).map { _ in try InvitationCode.random() }
        #expect(Set(codes).count == 100)
        for code in codes {
            let text = "rhizome-invite://\(key)@[::1]:4000?code=\(code)"
            #expect(try InvitationLine(parsing: text).code == code)
            // The last character holds four bits that must be zero.
            let last = try #require(text.last)
            for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" where other != last {
                let changed = try? InvitationLine(parsing: text.dropLast() + String(other))
                #expect(changed?.code != code)
            }
        }
    }

    @Test("whatever is cut, doubled, added or flipped, a line that is read is printed back the same")
    func property() {
        withSeed { random in
            let whole = "rhizome-invite://\(key)@alice.example.org:4000?code=\(code)"
            for end in 0..<whole.utf8.count { #expect(refusal(String(whole.prefix(end))) != nil) }
            for _ in 0..<2_000 {
                var bytes = Array(whole.utf8)
                let index = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0x20...0x7e, using: &random)
                case 1: bytes.insert(UInt8.random(in: 0x20...0x7e, using: &random), at: index)
                case 2: bytes.remove(at: index)
                default: bytes.append(contentsOf: Array("&x=1".utf8).prefix(Int.random(in: 1...4, using: &random)))
                }
                let text = String(decoding: bytes, as: UTF8.self)
                guard let line = try? InvitationLine(parsing: text) else { continue }
                #expect(line.description == text, "RHIZOME_TEST_SEED=\(random.seed)")
            }
        }
    }
}
