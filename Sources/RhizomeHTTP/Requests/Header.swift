internal import Bytes
internal import NIOHTTP1
internal import RhizomeCore
internal import StrictJSON

/// The header fields by which a request says more of what it asks for.
enum Header {
    /// Which versions a write relies on (RFC 9110 §13.1.1).
    ///
    /// What is no list of entity tags is refused: left out of account, it would overwrite.
    static let ifMatch = Parameter<VersionMatch>(
        .header,
        "If-Match",
        "The ETags of the versions of which one has to be there, or * for any",
        .text(matching: "^(\\*|\"[0-9a-f]{64}\"(, ?\"[0-9a-f]{64}\")*)$")
    ) { text throws(APIError) in
        if text == "*" { return .any }
        var versions: [DeltaID] = []
        for tag in text.string.split(separator: ",", omittingEmptySubsequences: false) {
            let tag = tag.drop { $0 == " " }
            guard tag.utf8.count == 66, tag.hasPrefix("\""), tag.hasSuffix("\""),
                let id = DeltaID(hex: String(tag.dropFirst().dropLast()))
            else { throw .badInput("If-Match takes the ETag of an earlier answer, or *", field: "If-Match") }
            versions.append(id)
        }
        return .versions(versions)
    }
    /// That nothing is there yet (RFC 9110 §13.1.2).
    static let ifNoneMatch = Parameter<VersionMatch>(
        .header,
        "If-None-Match",
        "* where nothing may be there yet; stands alone",
        .word(["*"])
    ) { text throws(APIError) in
        guard text == "*" else {
            throw .badInput("If-None-Match takes * here, and stands alone", field: "If-None-Match")
        }
        return .any
    }

    /// Which event of a stream was read last (HTML, section 9.2.4); goes before `?since=`.
    static let lastEventID = Parameter<StreamPosition>(
        .header,
        "Last-Event-ID",
        "The id of the event that was read last: the stream goes on after it",
        .text
    ) { text throws(APIError) in
        guard let position = StreamPosition(text) else {
            throw .badInput("Last-Event-ID is the id of an event of this node", field: "Last-Event-ID")
        }
        return position
    }

    /// Both.
    static let conditions: [any StatedParameter] = [ifMatch, ifNoneMatch]
}

/// Versions that a condition names.
enum VersionMatch: Sendable {
    case any
    case versions([DeltaID])
}
