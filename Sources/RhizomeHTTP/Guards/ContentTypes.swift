internal import Bytes
internal import HTTPTypes
internal import NIOHTTP1
internal import StrictJSON

/// What a body is, by its `Content-Type`, and what an answer should be, by `Accept` (RFC 9110, sections 8.3 and 12.5).
enum ContentTypes {
    /// The type of a write's body.
    ///
    /// A form of another page can't send these types without being asked for by the browser first, which is never
    /// granted: that closes what a foreign page could write.
    ///
    /// - Throws: 415 for a type that isn't among those allowed, and for charsets other than UTF-8.
    static func check(_ headers: HTTPHeaders, allowed: [String]) throws(APIError) -> String {
        let values = headers["Content-Type"]
        // Most often it is as it stands in our own list.
        if values.count == 1, let value = values.first, allowed.contains(value) { return value }
        guard values.count == 1, let type = MediaType(values[0]), allowed.contains(type.essence) else {
            throw unsupported(
                "the Content-Type of this body has to be \(allowed.joined(separator: " or ")), given once"
            )
        }
        guard type.values(of: "charset").allSatisfy({ $0.lowercased() == "utf-8" }) else {
            throw unsupported("the charset of this body has to be UTF-8, named utf-8 or not at all")
        }
        return type.essence
    }

    private static func unsupported(_ error: String) -> APIError {
        APIError(status: .unsupportedMediaType, error: error, details: ["field": "Content-Type"])
    }

    /// Whether a reader would rather have CBOR than JSON.
    static func prefersCBOR(_ headers: HTTPHeaders) -> Bool {
        let ranges = headers[canonicalForm: "Accept"].compactMap { MediaType(String($0)) }
        let cbor = weight(of: MediaTypes.cbor, in: ranges)
        return cbor.isNamed && cbor.weight > 0 && cbor.weight >= weight(of: MediaTypes.json, in: ranges).weight
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
