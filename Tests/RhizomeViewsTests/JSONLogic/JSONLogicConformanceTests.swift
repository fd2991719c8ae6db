import Bytes
import RhizomeTesting
import RhizomeViews
import StrictJSON
import Testing

@Suite struct JSONLogicConformanceTests {
    @Test("the official list passes whole")
    func officialList() throws {
        guard let bytes = try TestFiles.conformance("jsonlogic") else { return }
        let cases = try #require(try JSONValue(parsing: bytes, limits: JSONLimits(bytes: 1 << 26)).array)
        #expect(cases.count >= 275)
        for (index, entry) in cases.enumerated() {
            let entry = try #require(entry.object)
            let rule = try #require(entry["rule"])
            let data = try #require(entry["data"])
            var budget = JSONLogicBudget()
            let result = try JSONLogicRule(rule).evaluate(JSONLogicValue(data), within: &budget)
            #expect(result.json == entry["expected"], "case \(index): \(rule) on \(data)")
        }
    }
}
