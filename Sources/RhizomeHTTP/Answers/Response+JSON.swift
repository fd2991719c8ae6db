internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import RhizomeViews
internal import StrictJSON

extension HTTPField.Name {
    // The names are literals that RFC 9110's grammar allows: a name that isn't would be a mistake in this line.
    private static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is a field name") }
        return name
    }

    /// Where the next page is (RFC 8288).
    static let link = known("Link")
}

extension Response {
    /// A JSON value, whole; with a line's end, for terminals.
    static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok) -> Response {
        .json(encoded: value.encoded, status: status)
    }

    /// Bytes of JSON that are made in a µs, about.
    static let bytesPerMicrosecond = 128

    /// A JSON object that may be large.
    ///
    /// - Parameter computing: where it is encoded if that takes long.
    static func json(_ object: JSONObject, computing: LongComputing) async -> Response {
        let cost = object.approximateBytes / bytesPerMicrosecond
        return .json(encoded: await computing.run(cost: cost) { JSONValue.object(object).encoded })
    }

    /// JSON that was made already.
    static func json(encoded: [UInt8], status: HTTPResponse.Status = .ok) -> Response {
        .bytes(encoded + [UInt8(ascii: "\n")], type: MediaTypes.json, status: status)
    }

    /// An error in the one form that all have.
    static func error(_ error: APIError) -> Response {
        var response = Response.json(error.json, status: error.status)
        for field in error.fields { response.headers.append(field) }
        return response
    }

    /// Bytes of a type, whole.
    static func bytes(_ bytes: [UInt8], type: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status,
            headers: [.contentType: type],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }
}

extension Response {
    /// The answer with the memory that it takes: what it reads while it is being written is counted there too.
    func holding(_ memory: AnswerMemory) -> Response {
        let body = body
        return Response(
            status: status,
            headers: headers,
            body: ResponseBody(contentLength: body.contentLength) { writer in
                try await AnswerMemory.$current.withValue(memory) { try await body.write(writer) }
            }
        )
    }
}

/// The media types that the API speaks.
enum MediaTypes {
    static let json = "application/json"
    static let cbor = "application/cbor"
    /// A JSON value a line (github.com/ndjson/ndjson-spec).
    static let jsonLines = "application/x-ndjson"
    /// A table (RFC 4180).
    static let table = "text/csv; charset=utf-8"
    /// Items one after the other (RFC 8742).
    static let cborSequence = "application/cbor-seq"
    /// Events one after the other (HTML, section 9.2).
    static let eventStream = "text/event-stream; charset=utf-8"
    /// The Prometheus text format.
    static let metrics = "text/plain; version=0.0.4; charset=utf-8"
}
