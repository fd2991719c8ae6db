internal import Bytes
internal import HTTPTypes
internal import NIOHTTP1
internal import StrictJSON

/// A request that has passed the guards, as handlers see it.
struct APIRequest: Sendable {
    /// What is asked for.
    let target: RequestTarget
    /// What its route states of path, query and header.
    let parameters: ParameterValues
    /// The header fields.
    let headers: HTTPHeaders
    /// The whole body, within the route's limit.
    let body: [UInt8]
    /// Which of the route's bodies it is; none where the route takes none.
    let bodyType: String?

    /// A variable part of the path.
    subscript<Value>(_ parameter: PathParameter<Value>) -> Value {
        guard let value = parameters.value(of: parameter) else {
            preconditionFailure("the route's path has a part :\(parameter.name)")
        }
        return value
    }

    /// A parameter of the query or the header; `nil` where the request has none.
    subscript<Value>(_ parameter: Parameter<Value>) -> Value? { parameters.value(of: parameter) }

    /// The page that is asked for.
    var page: PageRequest { PageRequest(limit: self[Query.limit], after: self[Query.after]) }

    /// Through whose eyes, and as of when.
    var viewpoint: Viewpoint {
        Viewpoint(
            context: self[Query.context],
            asOf: self[Query.asOf],
            authors: self[Query.authors],
            without: self[Query.without] ?? [],
            filter: self[Query.filter]
        )
    }

    /// The body's JSON object.
    ///
    /// - Throws: ``JSONError``, or 400 for another value than an object.
    func object(within limits: JSONLimits = JSONLimits(bytes: RequestLimits.jsonBytes)) throws -> JSONObject {
        guard let object = try JSONValue(parsing: body, limits: limits).object else {
            throw APIError.badInput("the body is a JSON object")
        }
        return object
    }
}

/// How large requests may be.
enum RequestLimits {
    /// Bytes of a signed delta as CBOR: a bit above the 260 KiB of delta.md, so that admission itself refuses what is
    /// just too large.
    static let cborBytes = 264 * 1024
    /// Bytes of a CBOR sequence of signed deltas (RFC 8742).
    static let sequenceBytes = 2 * 1024 * 1024
    /// Bytes of a JSON body: 2 MiB, room for any delta that delta.md allows, each byte of its texts escaped as `\u00XX`.
    static let jsonBytes = 2 * 1024 * 1024
    /// Bytes of one header field, and of all of them with the request line.
    ///
    /// Two names of 1,024 bytes, percent-encoded, are 6 KiB.
    static let headerFieldBytes = 16 * 1024
    static let headerBytes = 32 * 1024
    /// How many header fields.
    static let headerFields = 100
    /// Items of a page.
    static let pageItems = 10_000
}
