import Bytes
import Foundation
import RhizomeIdentity
import RhizomeTesting
import Sodium
import Testing

private struct SignatureCase: Decodable {
    let note: String
    let publicKey: String
    let message: String
    let signature: String
    let valid: Bool

    var verdict: Bool? {
        guard let key = Hex.decode(publicKey).flatMap({ Bytes32($0) }), let message = Hex.decode(message),
            let signature = Hex.decode(signature)
        else { return nil }
        return Ed25519.isValid(signature: signature, over: message, by: key)
    }
}

@Suite struct VerificationRuleTests {
    private struct List: Decodable { let cases: [SignatureCase] }

    @Test("the pinned rule holds for every case of ours")
    func vectors() throws {
        for entry in try TestFiles.cases("ed25519-rule", as: SignatureCase.self) {
            #expect(entry.verdict == entry.valid, "\(entry.note)")
        }
    }

    @Test("the pinned rule holds for the public lists")
    func publicLists() throws {
        guard let bytes = try TestFiles.conformance("ed25519-public-lists") else { return }
        let list = try JSONDecoder().decode(List.self, from: Data(bytes))
        #expect(list.cases.count > 100)
        for entry in list.cases { #expect(entry.verdict ?? false == entry.valid, "\(entry.note) \(entry.message)") }
    }

    @Test("the self-test passes with the installed library")
    func selfTest() throws { try VerificationSelfTest.run() }
}
