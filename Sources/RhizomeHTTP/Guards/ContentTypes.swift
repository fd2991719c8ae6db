internal import Bytes
internal import HTTPTypes
internal import NIOHTTP1
internal import StrictJSON

/// What a body is, by its `Content-Type`, and what an answer should be, by `Accept` (RFC 9110, sections 8.3 and 12.5).
enum ContentTypes {
    /// Which of the bodies that a route takes a request has.
    ///
    /// A form of another page can't send these types without being asked for by the browser first, which is never
    /// granted: that closes what a foreign page could write.
    ///
    /// - Throws: 415 for a type that isn't among those allowed, and for charsets other than UTF-8.
    static func check(_ headers: HTTPHeaders, allowed: [RequestBody]) throws(APIError) -> RequestBody {
        let values = headers["Content-Type"]
        // Most often it is as it stands in our own list.
        if values.count == 1, let body = allowed.first(where: { $0.type == values[0] }) { return body }
        guard values.count == 1, let type = MediaType(values[0]),
            let body = allowed.first(where: { $0.type == type.essence })
        else {
            throw unsupported(
                "the Content-Type of this body has to be \(allowed.map(\.type).joined(separator: " or ")), given once"
            )
        }
        guard type.values(of: "charset").allSatisfy({ $0.lowercased() == "utf-8" }) else {
            throw unsupported("the charset of this body has to be UTF-8, named utf-8 or not at all")
        }
        return body
    }

    private static func unsupported(_ error: String) -> APIError {
        APIError(status: .unsupportedMediaType, error: error, details: ["field": "Content-Type"])
    }

    /// Whether a reader would rather have CBOR than JSON.
    static func prefersCBOR(_ headers: HTTPHeaders) -> Bool {
        preferred(headers, among: [MediaTypes.cbor]) == MediaTypes.cbor
    }

    /// Which of some types a reader would have, rather than JSON, by name; JSON where it names none of them.
    static func preferred(_ headers: HTTPHeaders, among types: [String]) -> String {
        let ranges = headers[canonicalForm: "Accept"].compactMap { MediaType(String($0)) }
        var best = (type: MediaTypes.json, weight: weight(of: MediaTypes.json, in: ranges).weight)
        for type in types {
            let own = weight(of: MediaType(type)?.essence ?? type, in: ranges)
            guard own.isNamed, own.weight > 0 else { continue }
            if best.type == MediaTypes.json ? own.weight >= best.weight : own.weight > best.weight {
                best = (type, own.weight)
            }
        }
        return best.type
    }

    private static func weight(of type: String, in ranges: [MediaType]) -> (weight: Double, isNamed: Bool) {
        var best = (weight: 0.0, specificity: -1)
        for range in ranges {
            let name = range.essence
            let specificity = name == type ? 2 : name == "application/*" ? 1 : name == "*/*" ? 0 : -1
            guard specificity > best.specificity else { continue }
            best = (range.values(of: "q").first.map { Double($0) ?? 0 } ?? 1, specificity)
        }
        return (best.weight, best.specificity == 2)
    }
}
