internal import Bytes

/// A route's path, written with its variable parts: `"/api/\(Path.collection)/\(Path.id)/history"`.
struct RoutePath: ExpressibleByStringInterpolation, Sendable {
    /// What stands between two slashes.
    enum Part: Sendable {
        case literal(Text)
        case parameter(any StatedParameter, allows: @Sendable (Text) -> Bool)
    }

    /// The texts of a path's variable parts.
    typealias Texts = [(parameter: any StatedParameter, text: Text)]

    let parts: [Part]
    /// Whether names that are reserved can't stand in it.
    let hasReserved: Bool
    /// The path as written in http.md: `/api/:collection/:id/history`.
    let pattern: String

    /// The path as OpenAPI writes it: `/api/{collection}/{id}/history`.
    var template: String { Self.text(parts) { "{\($0)}" } }

    /// The variable parts.
    var parameters: [any StatedParameter] {
        parts.compactMap { if case .parameter(let parameter, _) = $0 { parameter } else { nil } }
    }

    init(stringLiteral path: String) {
        var interpolation = StringInterpolation(literalCapacity: path.utf8.count, interpolationCount: 0)
        interpolation.appendLiteral(path)
        self.init(stringInterpolation: interpolation)
    }

    init(stringInterpolation: StringInterpolation) {
        parts = stringInterpolation.parts
        hasReserved = stringInterpolation.hasReserved
        pattern = Self.text(parts) { ":\($0)" }
    }

    /// The texts of the variable parts where a path is one of these; else `nil`.
    func match(_ path: [Text]) -> Texts? {
        guard path.count == parts.count else { return nil }
        var texts: Texts = []
        for (part, text) in zip(parts, path) {
            switch part {
            case .literal(let literal): guard literal == text else { return nil }
            case .parameter(let parameter, let allows):
                guard allows(text) else { return nil }
                texts.append((parameter, text))
            }
        }
        return texts
    }

    private static func text(_ parts: [Part], _ parameter: (Text) -> String) -> String {
        parts.map { part in
            switch part {
            case .literal(let text): "/\(text)"
            case .parameter(let stated, _): "/" + parameter(stated.name)
            }
        }.joined()
    }

    /// Gathers the parts.
    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate private(set) var parts: [Part] = []
        fileprivate private(set) var hasReserved = false

        init(literalCapacity: Int, interpolationCount: Int) {}

        mutating func appendLiteral(_ text: String) {
            parts += text.split(separator: "/").map { .literal(Text(String($0))) }
        }

        /// A path from which this one goes on.
        mutating func appendInterpolation(_ path: RoutePath) {
            parts += path.parts
            hasReserved = hasReserved || path.hasReserved
        }

        /// A variable part, a whole one.
        mutating func appendInterpolation<Value>(_ parameter: PathParameter<Value>) {
            parts.append(.parameter(parameter, allows: parameter.allows))
            hasReserved = hasReserved || parameter.hasReserved
        }
    }
}
