import Bytes
import Locks
import RhizomeViews
import StrictJSON
import Testing

/// Three members, of which it counts how often each is asked for.
private final class CountedRecord: JSONLogicRecord {
    let asked = Lock<[Text: Int]>([:])

    let names: [Text] = ["id", "list", "gone"]

    func member(_ name: Text) -> JSONLogicValue? {
        asked.withLock { $0[name, default: 0] += 1 }
        return switch name {
        case "id": .text("x")
        case "list": .array(JSONLogicArray([.number(1), .text("b")]))
        default: nil
        }
    }
}

@Suite struct JSONLogicRecordTests {
    private func evaluate(_ json: String, on record: CountedRecord) throws -> JSONLogicValue {
        var budget = JSONLogicBudget()
        return try rule(json).evaluate(record, within: &budget)
    }

    @Test("only those members are made that the rule looks at")
    func lazily() throws {
        let record = CountedRecord()
        #expect(try evaluate(#"{"==": [{"var": "id"}, "x"]}"#, on: record).isTruthy)
        #expect(try !evaluate(#"{"or": [false, {"var": "gone.x"}]}"#, on: record).isTruthy)
        #expect(record.asked.withLock { $0 } == ["id": 1, "gone": 1])
    }

    @Test("a record is one object, of which each array is one and the same throughout an evaluation")
    func identity() throws {
        let record = CountedRecord()
        #expect(try evaluate(#"{"var": ""}"#, on: record).json == ["id": "x", "list": [1, "b"]])
        #expect(try evaluate(#"{"==": [{"var": "list"}, {"var": "list"}]}"#, on: record).isTruthy)
        #expect(try evaluate(#"{"===": [{"var": ""}, {"var": ""}]}"#, on: record).isTruthy)
        #expect(record.asked.withLock { $0["list"] } == 3)
        #expect(
            try evaluate(#"{"missing": ["id", "gone", "list.0", "list.2"]}"#, on: record).json == ["gone", "list.2"]
        )
    }
}
