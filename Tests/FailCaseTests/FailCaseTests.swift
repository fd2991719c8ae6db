import Foundation
import RhizomeTesting
import Testing

/// What the fuzzer found once, and what people thought of, replayed for ever in ordinary builds.
@Suite struct FailCaseTests {
    private static let folder = TestFiles.root.appending(path: "Tests/FailCases")

    private func target(_ name: String) throws -> any FuzzTarget.Type {
        try #require(fuzzTargets.first { $0.name == name })
    }

    @Test("every kept case does no harm, and what must hold of it does", arguments: fuzzTargets.map { $0.name })
    func keptCases(name: String) throws {
        let target = try target(name)
        let cases = try FileManager.default.contentsOfDirectory(
            at: Self.folder.appending(path: name),
            includingPropertiesForKeys: nil
        )
        try #require(!cases.isEmpty)
        for file in cases {
            #expect(throws: Never.self, "\(name)/\(file.lastPathComponent)") {
                try target.check(Array(try Data(contentsOf: file)))
            }
        }
    }

    @Test("no folder of kept cases is left out")
    func folders() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        #expect(Set(names) == Set(fuzzTargets.map { $0.name }))
    }

    @Test("what must hold does for seeds, whole, cut and with a bit flipped", arguments: fuzzTargets.map { $0.name })
    func seeds(name: String) throws {
        let target = try target(name)
        let seeds = try target.seeds(Vectors(folder: TestFiles.root.appending(path: "Tests/Vectors")))
        var accepted = 0
        try withSeed { random in
            for seed in seeds where !seed.isEmpty {
                if try target.check(seed) { accepted += 1 }
                for _ in 0..<40 {
                    _ = try target.check(Array(seed.prefix(Int.random(in: 0..<seed.count, using: &random))))
                    var flipped = seed
                    let bit = Int.random(in: 0..<seed.count * 8, using: &random)
                    flipped[bit / 8] ^= 1 << UInt8(bit % 8)
                    _ = try target.check(flipped)
                }
            }
        }
        #expect(accepted > 0, "a target whose seeds are all refused tests nothing")
    }
}
