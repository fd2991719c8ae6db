import Bytes
import RhizomeViews
import StrictJSON

@testable import RhizomeCore

/// Pointers in JSON, as a write over HTTP has them: what is accepted keeps its meaning in JSON and in a delta's body.
enum PointerLists: FuzzTarget {
    static let name = "pointers"

    static func seeds(_ vectors: Vectors) throws -> [[UInt8]] {
        try vectors.cases("delta").compactMap { $0["pointers"]?.encoded }
    }

    static func check(_ bytes: [UInt8]) throws -> Bool {
        guard let value = try? JSONValue(parsing: bytes) else { return false }
        let pointers: [Pointer]
        do throws(FieldError) { pointers = try [Pointer](json: value) } catch { return false }
        let again = try [Pointer](json: .array(pointers.map(\.json)))
        try require(again == pointers, "pointers are read as they are written")
        let body = try DeltaBody(host: nil, pointers: pointers)
        try require(try DeltaBody(bytes: body.encoded) == body, "what a write may say fits into a body")
        return true
    }
}
