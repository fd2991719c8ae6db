import Bytes
import DeterministicCBOR

/// The CBOR decoder: what is accepted has this one encoding, and is passed over as it is read.
enum CBORValues: FuzzTarget {
    static let name = "cbor"

    static func seeds(_ vectors: Vectors) throws -> [[UInt8]] {
        try vectors.bytes("cbor", "cbor") + vectors.bytes("cbor-invalid", "cbor")
    }

    static func check(_ bytes: [UInt8]) throws -> Bool {
        let skipped = code { (reader: inout CBORReader) throws(CBORError) in try reader.skip() }
        var decoded: CBORValue?
        let read = code { (reader: inout CBORReader) throws(CBORError) in decoded = try reader.value() }
        try require(read == skipped, "a value is passed over exactly where it can be read")
        guard read == nil, let decoded else { return false }
        try require(decoded.encoded == bytes, "what is decoded has one encoding")
        return true

        func code(_ body: (inout CBORReader) throws(CBORError) -> Void) -> CBORError.Code? {
            var reader = CBORReader(bytes)
            do {
                try body(&reader)
                try reader.finish()
                return nil
            } catch {
                return error.code
            }
        }
    }
}
