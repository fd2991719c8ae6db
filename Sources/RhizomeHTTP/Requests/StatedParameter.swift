internal import Bytes

/// A part of a request that a route states: by that it is read, what isn't stated is refused, and it is described.
protocol StatedParameter<Value>: Sendable {
    /// As what handlers see it.
    associatedtype Value: Sendable

    var location: ParameterLocation { get }
    var name: Text { get }
    /// What it is for, in a sentence without a full stop.
    var meaning: String { get }
    /// What its text may be; a number stands for its digits.
    var schema: JSONSchema { get }
    /// Whether it stands for all parameters of the query that aren't stated.
    var takesOthers: Bool { get }

    /// Reads its text.
    ///
    /// - Throws: 400 with its name.
    func read(_ text: Text) throws(APIError) -> Value
}

extension StatedParameter {
    var takesOthers: Bool { false }
}

/// All parameters of a query that a route doesn't state, each a text.
struct OtherParameters: StatedParameter {
    let name: Text
    let meaning: String

    var location: ParameterLocation { .query }
    var schema: JSONSchema { .object(others: .text) }
    var takesOthers: Bool { true }

    func read(_ text: Text) throws(APIError) -> Text { text }
}

/// In which part of a request a parameter stands, in the words of OpenAPI.
enum ParameterLocation: String, Sendable {
    case path
    case query
    case header
}

/// A parameter of a query, or a field of a header: who asks may leave it out.
struct Parameter<Value: Sendable>: StatedParameter {
    let location: ParameterLocation
    let name: Text
    let meaning: String
    let schema: JSONSchema
    private let reading: @Sendable (Text) throws(APIError) -> Value

    /// - Parameter read: throws 400 with the name.
    init(
        _ location: ParameterLocation,
        _ name: Text,
        _ meaning: String,
        _ schema: JSONSchema,
        read: @escaping @Sendable (Text) throws(APIError) -> Value
    ) {
        self.location = location
        self.name = name
        self.meaning = meaning
        self.schema = schema
        reading = read
    }

    func read(_ text: Text) throws(APIError) -> Value { try reading(text) }
}

/// A variable part of a path.
struct PathParameter<Value: Sendable>: StatedParameter {
    let name: Text
    let meaning: String
    let schema: JSONSchema
    private let reading: @Sendable (Text) throws(APIError) -> Value
    /// The texts that aren't meant, where there are any.
    private let others: (@Sendable (Text) -> Bool)?

    /// - Parameters:
    ///   - others: the texts that aren't meant: a path with one of them is no path of the route.
    ///   - read: throws 400 with the name.
    init(
        _ name: Text,
        _ meaning: String,
        _ schema: JSONSchema,
        exceptFor others: (@Sendable (Text) -> Bool)? = nil,
        read: @escaping @Sendable (Text) throws(APIError) -> Value
    ) {
        self.name = name
        self.meaning = meaning
        self.schema = schema
        self.others = others
        reading = read
    }

    var location: ParameterLocation { .path }

    func read(_ text: Text) throws(APIError) -> Value { try reading(text) }

    /// Whether a path with this text in its place is the route's.
    func allows(_ text: Text) -> Bool { others?(text) != true }

    /// Whether there are texts that aren't meant.
    var hasReserved: Bool { others != nil }
}

// MARK: - Kinds

extension Parameter<Int> {
    /// A number within bounds, both included.
    init(_ location: ParameterLocation, _ name: Text, _ meaning: String, within range: ClosedRange<Int>) {
        self.init(location, name, meaning, .integer(range)) { text throws(APIError) in
            guard let number = Int64(digits: text), let number = Int(exactly: number), range.contains(number) else {
                throw .badInput(
                    "\(name) is a number from \(range.lowerBound) to \(range.upperBound)",
                    field: name.string
                )
            }
            return number
        }
    }
}

extension Parameter<Bool> {
    /// `true` or `false`.
    init(_ location: ParameterLocation, _ name: Text, _ meaning: String) {
        self.init(location, name, meaning, .boolean) { text throws(APIError) in
            guard text == "true" || text == "false" else {
                throw .badInput("\(name) is true or false", field: name.string)
            }
            return text == "true"
        }
    }
}

extension Parameter where Value: CaseIterable & RawRepresentable<String> {
    /// One of the words that a type has.
    init(_ location: ParameterLocation, _ name: Text, _ meaning: String) {
        let words = Value.allCases.map(\.rawValue)
        self.init(location, name, meaning, .word(words)) { text throws(APIError) in
            guard let word = Value(rawValue: text.string) else {
                throw .badInput("\(name) is \(words.joined(separator: " or ")); \(meaning)", field: name.string)
            }
            return word
        }
    }
}

extension Parameter<Text> {
    /// Any text.
    init(_ location: ParameterLocation, _ name: Text, _ meaning: String) {
        self.init(location, name, meaning, .text) { text throws(APIError) in text }
    }
}

extension PathParameter<Text> {
    /// Any text but some.
    init(
        _ name: Text,
        _ meaning: String,
        _ schema: JSONSchema,
        exceptFor others: (@Sendable (Text) -> Bool)? = nil
    ) {
        self.init(name, meaning, schema, exceptFor: others) { text throws(APIError) in text }
    }
}

extension Int64 {
    /// The number that digits give: no sign, no space, within Int64.
    init?(digits text: Text) {
        guard text.count > 0, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int64(text.string) else {
            return nil
        }
        self = number
    }
}
