import Bytes
import Foundation
import RhizomeTesting
import Testing

@Suite struct VerifyCommandTests {
    private struct ProofCase: Decodable {
        let name: String
        let proof: String
    }

    /// A proof of the vectors in a file.
    private static func file(_ name: String, in folder: TemporaryFolder) throws -> String {
        let cases: [ProofCase] = try TestFiles.cases("proof")
        let test = try #require(cases.first { $0.name == name })
        let path = folder.path("a proof")
        try Data(try #require(Hex.decode(test.proof))).write(to: URL(filePath: path))
        return path
    }

    @Test("a proof is checked without a home, and what it claims and can't show is told")
    func holds() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let node = try BuiltCommand("rhizome-node")
                let path = try Self.file("a property that three authors set", in: folder)
                let outcome = try await node.run(["verify", path])
                #expect(outcome.exitCode == 0, "\(outcome.errors)")
                #expect(outcome.output.hasPrefix("claimed of user/u1:\n  age = 43  (last-write-wins)\n"))
                #expect(outcome.output.contains("\nok: the values follow from the deltas\n"))
                #expect(outcome.output.contains("nothing newer exists"))
                let json = try await node.run(["verify", "--json", path])
                #expect(json.output.contains(#""valid":true"#), "\(json.output)")
                #expect(json.output.contains(#""property":"age","value":43"#), "\(json.output)")
            }
        }
    }

    @Test("a proof that doesn't hold, and a file that is none, end with codes of their own")
    func fails() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let node = try BuiltCommand("rhizome-node")
                let altered = try await node.run(["verify", try Self.file("another value", in: folder)])
                #expect(altered.exitCode == 1)
                #expect(altered.output.contains("FAILED: computed from the evidence, age has another value"))
                #expect(altered.errors.contains("the proof doesn't hold"), "\(altered.errors)")
                let other = try await node.run(["verify", "--json", "-"], input: "no proof")
                #expect(other.exitCode == 65)
                #expect(other.output.contains(#""valid":false"#), "\(other.output)")
                #expect(other.errors.contains("is no proof"), "\(other.errors)")
                let missing = try await node.run(["verify", folder.path("nothing")])
                #expect(missing.exitCode == 1 && missing.errors.contains("nothing"), "\(missing.errors)")
            }
        }
    }
}
