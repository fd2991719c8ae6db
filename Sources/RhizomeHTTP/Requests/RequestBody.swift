internal import StrictJSON

/// A body that a route takes: a request with one of another type, or a larger one, is refused.
struct RequestBody: Sendable {
    /// The media type.
    let type: String
    let limitBytes: Int
    /// What it is; none where it isn't JSON.
    let schema: JSONSchema?

    /// JSON.
    static func json(_ schema: JSONSchema) -> RequestBody {
        RequestBody(type: MediaTypes.json, limitBytes: RequestLimits.jsonBytes, schema: schema)
    }

    /// A signed delta.
    static let delta = RequestBody(type: MediaTypes.cbor, limitBytes: RequestLimits.cborBytes, schema: nil)

    /// Signed deltas, one after the other.
    static let deltas = RequestBody(
        type: MediaTypes.cborSequence,
        limitBytes: RequestLimits.sequenceBytes,
        schema: nil
    )
}
