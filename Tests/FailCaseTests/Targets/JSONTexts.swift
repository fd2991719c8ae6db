import StrictJSON

/// The JSON parser: what is accepted is written as what is read as the same.
enum JSONTexts: FuzzTarget {
    static let name = "json"

    static func seeds(_ vectors: Vectors) throws -> [[UInt8]] {
        ["[]", #"{"a":1,"b":[true,false,null,-0.5e-7,"\u00e9\ud83d\ude00\n"]}"#, "9007199254740993", "1e300"]
            .map { Array($0.utf8) }
    }

    static func check(_ bytes: [UInt8]) throws -> Bool {
        let value: JSONValue
        do throws(JSONError) { value = try JSONValue(parsing: bytes) } catch { return false }
        let encoded = value.encoded
        let again = try JSONValue(parsing: encoded, limits: JSONLimits(bytes: 16 << 20))
        try require(again == value && again.encoded == encoded, "a value is read as it is written")
        return true
    }
}
