import Bytes
import DeterministicCBOR
import RhizomeTesting
import StrictJSON
import Testing

@Suite struct CBORVectorTests {
    @Test("every value has exactly the encoding of the vectors, and is read from it again")
    func values() throws {
        for vector in try vectors("cbor") {
            let value = try #require(vector["value"].flatMap(CBORValue.init))
            let bytes = try #require(vector["cbor"]?.text.flatMap { Hex.decode($0.string) })
            #expect(value.encoded == bytes)
            #expect(try decode(bytes) == value)
        }
    }

    @Test("every input that another decoder might take is refused")
    func invalid() throws {
        for vector in try vectors("cbor-invalid") {
            let bytes = try #require(vector["cbor"]?.text.flatMap { Hex.decode($0.string) })
            let why = vector["why"]?.text?.string ?? ""
            #expect(throws: CBORError.self, "\(why)") { try decode(bytes) }
        }
    }

    private func vectors(_ name: String) throws -> [JSONObject] {
        let file = try JSONValue(parsing: TestFiles.vectors(name))
        let cases = try #require(file.object?["cases"]?.array?.map(\.object))
        #expect(!cases.isEmpty)
        return cases.compactMap(\.self)
    }
}

/// The one value that the bytes are.
func decode(_ bytes: [UInt8]) throws(CBORError) -> CBORValue {
    var reader = CBORReader(bytes)
    let value = try reader.value()
    try reader.finish()
    return value
}

extension CBORValue {
    /// The value that the vectors mean; objects don't occur in them.
    fileprivate init?(_ json: JSONValue) {
        switch json {
        case .null: self = .null
        case .bool(let bool): self = .bool(bool)
        case .integer(let integer): self = .integer(integer)
        case .float(let float): self = .float(float)
        case .text(let text): self = .text(text)
        case .array(let items):
            let values = items.compactMap(CBORValue.init)
            guard values.count == items.count else { return nil }
            self = .array(values)
        case .object: return nil
        }
    }
}
