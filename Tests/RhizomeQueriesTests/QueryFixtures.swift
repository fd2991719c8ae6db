import Bytes
import RhizomeCore
import StrictJSON

@testable import RhizomeQueries

/// Queries over relations that a test gives.
enum QueryFixtures {
    /// A meter by a clock that stands still.
    static func meter(steps: Int = QueryBounds.steps, in room: QueryRoom = QueryRoom()) -> QueryMeter {
        QueryMeter(seconds: 10, steps: steps, in: room) { Uptime(microseconds: 0) }
    }

    /// A query's JSON as people write it.
    static func query(_ json: String) throws -> Query {
        try Query(json: JSONValue(parsing: Array(json.utf8), limits: QueryBounds.text).object ?? JSONObject())
    }

    /// What a query of given rows alone gives, row by row.
    static func rows(_ json: String) throws -> [String] {
        let result = try QueryPlan(query(json)).evaluate(over: [:], meter())
        return (0..<result.count).map { JSONValue.object(result.json(ofRow: $0)).description }
    }

    /// The same of an expression alone.
    static func rows(of expression: String) throws -> [String] { try rows("{\"query\":\(expression)}") }

    /// Where the fault of a query is.
    static func fault(_ json: String) -> String? {
        do {
            _ = try QueryPlan(query(json))
            return nil
        } catch let fault as QueryFault {
            return fault.at
        } catch {
            return "\(error)"
        }
    }

    /// The delta of a number.
    static func delta(_ number: Int) -> DeltaID {
        var bytes = [UInt8](repeating: 0, count: 32)
        for place in 0..<8 { bytes[place] = UInt8(truncatingIfNeeded: number >> (56 - 8 * place)) }
        return DeltaID(Bytes32(bytes) ?? Bytes32(repeating: 0))
    }
}
