internal import HTTPTypes
internal import NIOHTTP1

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
        if values.count == 1, let type = essence(values[0]), allowed.contains(type) { return type }
        throw APIError(
            status: .unsupportedMediaType,
            error: "the Content-Type of this body is " + allowed.joined(separator: " or ")
        )
    }

    /// The type without its parameters, in lower case; `nil` where the charset isn't UTF-8.
    private static func essence(_ value: String) -> String? {
        let parts = value.lowercased().split(separator: ";").map(trim)
        for part in parts.dropFirst() where part.hasPrefix("charset=") {
            guard ["utf-8", "\"utf-8\""].contains(part.dropFirst("charset=".count)) else { return nil }
        }
        return parts.first
    }

    /// Whether a reader would rather have CBOR than JSON.
    static func prefersCBOR(_ headers: HTTPHeaders) -> Bool {
        let ranges = headers[canonicalForm: "Accept"].map { $0.lowercased() }
        let cbor = weight(of: MediaTypes.cbor, in: ranges)
        return cbor.isNamed && cbor.weight > 0 && cbor.weight >= weight(of: MediaTypes.json, in: ranges).weight
    }

    private static func weight(of type: String, in ranges: [String]) -> (weight: Double, isNamed: Bool) {
        var best = (weight: 0.0, specificity: -1)
        for range in ranges {
            let parts = range.split(separator: ";").map(trim)
            guard let name = parts.first else { continue }
            let specificity = name == type ? 2 : name == "application/*" ? 1 : name == "*/*" ? 0 : -1
            guard specificity > best.specificity else { continue }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            best = (weight, specificity)
        }
        return (best.weight, best.specificity == 2)
    }

    private static func trim(_ text: Substring) -> String {
        String(text.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
