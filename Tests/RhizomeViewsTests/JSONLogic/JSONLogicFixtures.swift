import RhizomeViews
import StrictJSON

/// A rule compiled from JSON text.
func rule(_ json: String) throws -> JSONLogicRule { try JSONLogicRule(try JSONValue(parsing: Array(json.utf8))) }

/// What a rule says of data, both JSON text, within a budget of its own.
func evaluate(
    _ json: String,
    on data: String = "null",
    within budget: JSONLogicBudget = JSONLogicBudget()
) throws -> JSONLogicValue {
    var budget = budget
    let data = try JSONValue(parsing: Array(data.utf8))
    return try rule(json).evaluate(JSONLogicValue(data), within: &budget)
}
