import Bytes
import RhizomeCore
import RhizomeViews
import StrictJSON

// Resolvers as an application writes them: what the reference calls custom plugins.

/// Texts in order of their first assertion, joined with a separator of the application's choice.
struct Joined: Resolver {
    let separator: String

    func state(of assertion: Assertion) -> DistinctValues {
        if case .text = assertion.value { DistinctValues(assertion) } else { DistinctValues(nil) }
    }

    func combine(_ first: DistinctValues, _ second: DistinctValues) -> DistinctValues { first.union(second) }

    func value(of state: DistinctValues) -> JSONValue? {
        .string(state.inOrder.compactMap(\.json.text?.string).joined(separator: separator))
    }
}

/// The middle between the least and the greatest integer.
struct Midpoint: Resolver {
    func state(of assertion: Assertion) -> ClosedRange<Int64>? { assertion.value.json.integer.map { $0...$0 } }

    func combine(_ first: ClosedRange<Int64>?, _ second: ClosedRange<Int64>?) -> ClosedRange<Int64>? {
        guard let first, let second else { return first ?? second }
        return min(first.lowerBound, second.lowerBound)...max(first.upperBound, second.upperBound)
    }

    func value(of state: ClosedRange<Int64>?) -> JSONValue? {
        state.flatMap { JSONValue.number((Double($0.lowerBound) + Double($0.upperBound)) / 2) }
    }
}

/// The mean of all integers so far: what the reference keeps as count and sum.
struct RunningMean: Resolver {
    func state(of assertion: Assertion) -> (sum: Double, count: Double) {
        assertion.value.json.integer.map { (Double($0), 1) } ?? (0, 0)
    }

    func combine(_ first: (sum: Double, count: Double), _ second: (sum: Double, count: Double)) -> (
        sum: Double, count: Double
    ) { (first.sum + second.sum, first.count + second.count) }

    func value(of state: (sum: Double, count: Double)) -> JSONValue? { JSONValue.number(state.sum / state.count) }
}

/// A view with properties that are computed from others, each by a resolver that names what it looks at.
struct DerivedProperties {
    /// A property and where its assertions come from.
    struct Property {
        let name: Text
        let source: Text
        let resolver: any Resolver
        /// The other properties of the view that it depends on.
        var dependencies: [Text] = []
    }

    /// Why there can be no such view.
    struct MissingDependency: Error, CustomStringConvertible {
        let description: String
    }

    private let properties: [Property]

    /// - Throws: ``MissingDependency`` before anything is resolved.
    init(_ properties: [Property]) throws(MissingDependency) {
        let names = Set(properties.map(\.name))
        for property in properties {
            for dependency in property.dependencies where !names.contains(dependency) {
                throw MissingDependency(
                    description: "Dependency \(dependency) not found for plugin \(property.name)"
                )
            }
        }
        self.properties = properties
    }

    /// The properties' values of an entity, in the order in which they were named.
    func values(of entity: Text, in visible: VisibleDeltas) -> JSONObject {
        let assertions = visible.assertions(about: entity)
        var values = JSONObject()
        for property in properties {
            if let value = property.resolver.resolve(assertions[property.source] ?? []) {
                values.append(property.name, value)
            }
        }
        return values
    }
}
