import Bytes
import RhizomeCore
import RhizomeTesting
import RhizomeViews
import StrictJSON
import Testing

/// The resolver of the README, which a program writes for itself.
@Suite struct LongestTextTests {
    @Test("the README shows just this code")
    func readme() throws {
        let source = String(decoding: try TestFiles.file("RhizomeViewsTests/LongestText.swift"), as: UTF8.self)
        let start = try #require(
            source.split(separator: "// What the README").last?.split(separator: "\n\n", maxSplits: 1)
        )
        let code = try #require(start.last)
        let readme = String(decoding: try TestFiles.file("../README.md"), as: UTF8.self)
        #expect(readme.contains("```swift\n\(code)```"))
    }

    @Test("the longest text wins in every order, numbers take no part, and other properties have their last write")
    func resolved() async throws {
        var maker = DeltaMaker()
        let deltas = try [
            ("story", .text("once")), ("story", .text("Upon")), ("story", .integer(1_000_000)), ("story", .text("a")),
            ("name", .text("Taliesin")), ("name", .text("T")),
        ].map { (property: Text, value: Value) in
            try maker.delta(
                "ann",
                [Pointer("user", entity: "e", targetContext: property), Pointer(property, value)]
            )
        }
        for order in [deltas, deltas.reversed()] {
            let log = InMemoryDeltaLog()
            _ = try await log.append(order, cursors: [:])
            #expect(try await story(of: "e", in: log)?.properties == ["name": "T", "story": "Upon"])
        }
        #expect(try await story(of: "nobody", in: InMemoryDeltaLog()) == nil)
    }
}
