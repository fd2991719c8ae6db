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

    /// What the distinct values take.
    public func approximateBytes(of state: DistinctValues) -> Int { state.approximateBytes }

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

    /// What the distinct texts take.
    public func approximateBytes(of state: DistinctValues) -> Int { state.approximateBytes }

    /// The one text; `nil` where there was none.
    public func value(of state: DistinctValues) -> JSONValue? {
        let texts = state.inOrder.compactMap(\.json.text)
        return texts.isEmpty ? nil : .string(texts.map(\.string).joined(separator: " "))
    }
}

/// Values and when each was first asserted.
public struct DistinctValues: Sendable {
    private let first: Notes<Value, Moment>

    /// What one assertion adds, or nothing.
    public init(_ assertion: Assertion?) {
        self.init(assertion.map { Notes($0.delta.moment, of: $0.value, bytes: $0.value.approximateBytes) } ?? Notes())
    }

    private init(_ first: Notes<Value, Moment>) { self.first = first }

    /// About how many bytes of memory they take.
    var approximateBytes: Int { first.approximateBytes }

    /// The values of both, each with its earlier moment.
    public func union(_ other: DistinctValues) -> DistinctValues {
        DistinctValues(first.merging(other.first, combine: min))
    }

    /// The values in order of their first assertion.
    public var inOrder: [Value] { first.all.sorted { $0.note < $1.note }.map(\.key) }
}
