internal import Bytes
public import RhizomeCore
public import StrictJSON

/// An array of the distinct values in order of their first assertion, without null (spec: views.md, "Lossy": `all`).
///
/// Values are told apart by their CBOR bytes.
public struct AllValues: Resolver {
    /// A resolver; it has no settings.
    public init() {}

    /// The value with its moment.
    public func state(of assertion: Assertion) -> DistinctValues {
        DistinctValues(assertion.value == .null ? nil : assertion)
    }

    /// The values of both.
    public func combine(_ first: DistinctValues, _ second: DistinctValues) -> DistinctValues { first.union(second) }

    /// The array; `nil` where there was only null.
    public func value(of state: DistinctValues) -> JSONValue? {
        let values = state.inOrder
        return values.isEmpty ? nil : .array(values.map(\.json))
    }
}

/// The texts in order of their first assertion, each once, joined with a space (spec: views.md, "Lossy": `concat`).
public struct Concatenation: Resolver {
    /// A resolver; it has no settings.
    public init() {}

    /// The text with its moment; other values don't take part.
    public func state(of assertion: Assertion) -> DistinctValues {
        if case .text = assertion.value { DistinctValues(assertion) } else { DistinctValues(nil) }
    }

    /// The texts of both.
    public func combine(_ first: DistinctValues, _ second: DistinctValues) -> DistinctValues { first.union(second) }

    /// The one text; `nil` where there was none.
    public func value(of state: DistinctValues) -> JSONValue? {
        let texts = state.inOrder.compactMap(\.json.text)
        return texts.isEmpty ? nil : .string(texts.map(\.string).joined(separator: " "))
    }
}

/// Values and when each was first asserted.
public struct DistinctValues: Sendable {
    private var first: [Value: Moment]

    /// What one assertion adds, or nothing.
    public init(_ assertion: Assertion?) {
        first = assertion.map { [$0.value: $0.delta.moment] } ?? [:]
    }

    /// The values of both, each with its earlier moment.
    public func union(_ other: DistinctValues) -> DistinctValues {
        var union = self
        union.first.merge(other.first, uniquingKeysWith: min)
        return union
    }

    /// The values in order of their first assertion.
    public var inOrder: [Value] { first.sorted { $0.value < $1.value }.map(\.key) }
}
