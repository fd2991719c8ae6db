import Bytes
import Foundation
import StrictJSON

/// The fixed cases of `Tests/Vectors`, from which most seeds come.
struct Vectors {
    /// The folder.
    let folder: URL

    /// The objects of `NAME.json`.
    func cases(_ name: String) throws -> [JSONObject] { try members(of: "cases", in: name) }

    /// The objects of one part of `NAME.json`: of a list, or of the cases of an object.
    func members(of part: Text, in name: String) throws -> [JSONObject] {
        let bytes = Array(try Data(contentsOf: folder.appending(path: "\(name).json")))
        let file = try JSONValue(parsing: bytes, limits: JSONLimits(bytes: 16 << 20))
        let value = file.object?[part]
        return (value?.array ?? value?.object?["cases"]?.array)?.compactMap(\.object) ?? []
    }

    /// The bytes of a text, by its name, of all cases that have it.
    func texts(_ name: String, _ member: Text) throws -> [[UInt8]] {
        try cases(name).compactMap { $0[member]?.text.map { Array($0.utf8) } }
    }

    /// The bytes that a hexadecimal text stands for, by its name, of all cases that have it.
    func bytes(_ name: String, _ member: Text) throws -> [[UInt8]] {
        try cases(name).compactMap { $0[member]?.text.flatMap { Hex.decode($0.string) } }
    }
}
