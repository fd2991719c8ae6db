internal import Bytes
internal import HTTPTypes
internal import StrictJSON

/// An answer that a route can give, as it states it: for the description of the API, and for the tests that hold every
/// answer against it.
struct StatedAnswer: Sendable {
    /// A form that the body can have.
    struct Content: Sendable {
        /// The media type.
        let type: String
        /// What it is; none where it isn't JSON.
        let schema: JSONSchema?
    }

    let status: HTTPResponse.Status
    /// When it is given, or what it is, in a sentence without a full stop.
    let meaning: String
    let content: [Content]
    /// Header fields that it can have, each with what it says.
    var fields: [(name: HTTPField.Name, meaning: String)] = []

    /// JSON.
    static func json(
        _ meaning: String,
        _ schema: JSONSchema,
        status: HTTPResponse.Status = .ok
    ) -> StatedAnswer {
        StatedAnswer(status: status, meaning: meaning, content: [Content(type: MediaTypes.json, schema: schema)])
    }

    /// A page of a list, or the whole.
    static func page(_ meaning: String, _ schema: JSONSchema) -> StatedAnswer {
        json(meaning, schema).with(.link, "Where the next page is, with rel=\"next\" (RFC 8288)")
    }

    /// Bytes of another type.
    static func bytes(_ meaning: String, type: String) -> StatedAnswer {
        StatedAnswer(status: .ok, meaning: meaning, content: [Content(type: type, schema: nil)])
    }

    /// A stream of events.
    static func events(_ meaning: String) -> StatedAnswer { bytes(meaning, type: MediaTypes.eventStream) }

    /// An error in the form that all have, or in a form with further details.
    static func error(
        _ status: HTTPResponse.Status,
        _ meaning: String,
        _ schema: JSONSchema = .error
    ) -> StatedAnswer {
        json(meaning, schema, status: status)
    }

    /// 404.
    static func notFound(_ meaning: String) -> StatedAnswer { .error(.notFound, meaning) }

    /// The same with a header field.
    func with(_ name: HTTPField.Name, _ meaning: String) -> StatedAnswer {
        var answer = self
        answer.fields.append((name, meaning))
        return answer
    }

    // MARK: - What any route can answer

    /// What is answered before a request's handler is asked.
    static let ofGuards: [StatedAnswer] = [
        .error(.badRequest, "The request is wrong: in a parameter, a header field, or the body"),
        .error(.unauthorized, "The token is needed: error is token, and message says where it lies")
            .with(.wwwAuthenticate, "Bearer"),
        .error(.forbidden, "A page of another site may be behind the request, or its author may not do this"),
        .error(.requestTimeout, "The request took too long to come"),
        .error(.expectationFailed, "The only expectation that is met is 100-continue"),
        .error(.requestHeaderFieldsTooLarge, "The header is too large"),
        .error(.httpVersionNotSupported, "This isn't HTTP/1"),
        .error(.serviceUnavailable, "Not now: error is starting, stopping, busy, clock or disk")
            .with(.retryAfter, "After how many seconds to try again"),
    ]

    /// What is answered to bodies that a route doesn't take.
    static let ofBodies: [StatedAnswer] = [
        .error(.contentTooLarge, "The body is too large"),
        .error(.unsupportedMediaType, "The body's type isn't one of those that are taken here"),
    ]
}
