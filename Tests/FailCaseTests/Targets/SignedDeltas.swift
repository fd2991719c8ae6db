import Bytes
import RhizomeViews
import SignedStatements
import StrictJSON

@testable import RhizomeCore

/// Signed deltas: what is accepted is made of the same bytes again, and its JSON form is read as it was written.
enum SignedDeltas: FuzzTarget {
    static let name = "delta"

    static func seeds(_ vectors: Vectors) throws -> [[UInt8]] {
        // The vectors at the limits of size would leave the fuzzer little time for the others.
        try (vectors.bytes("delta", "wire") + vectors.bytes("delta-decisions", "wire")).filter { $0.count <= 4096 }
    }

    static func check(_ bytes: [UInt8]) throws -> Bool {
        let delta: SignedDelta
        do throws(DeltaRefusal) { delta = try SignedDelta(decoding: bytes) } catch { return false }
        try require(delta.bytes == bytes, "the bytes received are kept")
        try require(
            SignedDelta.encoded(header: delta.headerBytes, body: delta.bodyBytes) == bytes,
            "header and body give the delta again"
        )
        try require(delta.statement.encoded == delta.headerBytes, "a header has one encoding")
        try require(delta.header.payload == delta.statement.payload, "a payload has one encoding")
        try require(delta.body.encoded == delta.bodyBytes, "a body has one encoding")
        let json = JSONValue.object(delta.json)
        let parsed = try JSONValue(parsing: json.encoded, limits: JSONLimits(bytes: 8 << 20))
        try require(parsed == json, "the JSON form is read as it was written")
        let pointers = try [Pointer](json: parsed.object?["pointers"] ?? .null)
        try require(pointers == delta.body.pointers, "the JSON form keeps the pointers")
        return true
    }
}
