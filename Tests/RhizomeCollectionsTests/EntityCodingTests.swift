import Bytes
import Foundation
import RhizomeTesting
import StrictJSON
import Testing

@testable import RhizomeCollections
@testable import RhizomeViews

/// How Swift values become properties, and back.
@Suite struct EntityCodingTests {
    private enum Role: String, Codable { case bard, smith }
    private enum Level: Int, Codable { case low = 1, high = 2 }

    private struct Person: Codable, Equatable {
        var id: String
        var name: String
        var age: Int?
        var height: Double?
        var isBard: Bool?
        var role: Role?
        var level: Level?
        var nickname: String?
    }

    /// One optional property of each type that `encodeIfPresent` knows apart.
    private struct Optionals: Codable, Equatable {
        var bool: Bool?
        var string: String?
        var double: Double?
        var float: Float?
        var int: Int?
        var int8: Int8?
        var int16: Int16?
        var int32: Int32?
        var int64: Int64?
        var int128: Int128?
        var uint: UInt?
        var uint8: UInt8?
        var uint16: UInt16?
        var uint32: UInt32?
        var uint64: UInt64?
        var uint128: UInt128?
        var role: Role?
        var date: Date?
    }

    /// Any value under the name `value`.
    private struct Holder<Value: Codable>: Codable { let value: Value }

    private class Parent: Codable { var name = "parent" }
    private final class Child: Parent {
        private enum CodingKeys: CodingKey { case age }
        override func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(7, forKey: .age)
            try super.encode(to: container.superEncoder())
        }
    }

    private static func decode<Entity: Decodable>(_ properties: JSONObject, as type: Entity.Type) throws -> Entity {
        try EntityDecoder.decode(type, from: EntityView(id: "e", properties: properties))
    }

    @Test("texts, numbers, truth values and enumerations are values; what is nil is cleared")
    func properties() throws {
        let person = Person(id: "taliesin-1", name: "Taliesin", age: 42, height: 1.75, role: .bard, level: .high)
        #expect(
            try EntityEncoder.properties(of: person) == [
                "id": "taliesin-1", "name": "Taliesin", "age": 42, "height": .float(1.75), "isBard": .null,
                "role": "bard", "level": 2, "nickname": .null,
            ]
        )
        let all = try EntityEncoder.properties(of: Optionals())
        #expect(all.members.map(\.value) == [JSONValue](repeating: .null, count: 18))
    }

    @Test("what is missing or null is nil, and what the type doesn't know is left out of account")
    func missing() throws {
        let person = try Self.decode(["name": "Ann", "age": .null, "shoes": 42], as: Person.self)
        #expect(person == Person(id: "e", name: "Ann"))
        #expect(try Self.decode([:], as: Holder<Int?>.self).value == nil)
        #expect(try Self.decode(["value": 3], as: Holder<Int?>.self).value == 3)
    }

    @Test("128 bits are as good as 64 where the number is")
    func wide() throws {
        struct Wide: Codable, Equatable { var signed: Int128, unsigned: UInt128 }
        let wide = Wide(signed: -5, unsigned: 5)
        let properties = try EntityEncoder.properties(of: wide)
        #expect(properties == ["signed": -5, "unsigned": 5])
        #expect(try Self.decode(properties, as: Wide.self) == wide)
    }

    @Test("a parent's properties are the entity's")
    func classes() throws {
        #expect(try EntityEncoder.properties(of: Child()) == ["age": 7, "name": "parent"])
    }

    @Test("a Date is the number that Foundation makes of it")
    func dates() throws {
        let date = Date(timeIntervalSinceReferenceDate: 812_345.25)
        let properties = try EntityEncoder.properties(of: Holder(value: date))
        #expect(properties == ["value": .float(812_345.25)])
        #expect(try Self.decode(properties, as: Holder<Date>.self).value == date)
    }

    private func refused(_ entity: some Encodable, at path: [String], _ message: String) {
        do {
            _ = try EntityEncoder.properties(of: entity)
            Issue.record("\(entity) was taken")
        } catch EncodingError.invalidValue(_, let context) {
            #expect(context.codingPath.map(\.stringValue) == path)
            #expect(context.debugDescription.contains(message))
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test("arrays and objects, empty ones too, and numbers that a delta can't hold are refused, with the place")
    func refusals() {
        refused(Holder(value: ["a"]), at: ["value"], "value: a property is")
        refused(Holder(value: [Int]()), at: ["value"], "value: a property is")
        refused(Holder(value: [[String: Int]]()), at: ["value"], "arrays and objects")
        refused(Holder(value: ["a": 1]), at: ["value"], "arrays and objects")
        refused(Holder(value: Holder(value: 1)), at: ["value"], "arrays and objects")
        refused(Holder(value: [[1: 1]]), at: ["value"], "arrays and objects")
        refused(Holder(value: Data([1])), at: ["value"], "arrays and objects")
        refused(Holder<Holder<Int>?>(value: Holder(value: 1)), at: ["value"], "arrays and objects")
        refused(Holder(value: UInt64(Int64.max) + 1), at: ["value"], "within Int64")
        refused(Holder(value: Int128(Int64.min) - 1), at: ["value"], "within Int64")
        refused(Holder(value: Double.nan), at: ["value"], "finite")
        refused(Holder(value: Float.infinity), at: ["value"], "finite")
        refused([1, 2], at: [], "named properties")
        refused("text", at: [], "named properties")
        refused([String](), at: [], "named properties")
    }

    @Test("the largest numbers that a delta holds come back as they were")
    func limits() throws {
        for integer in [Int64.max, .min, 1 << 53 + 1] {
            let properties = try EntityEncoder.properties(of: Holder(value: integer))
            #expect(try Self.decode(properties, as: Holder<Int64>.self).value == integer)
        }
        for number in [Double.greatestFiniteMagnitude, .leastNonzeroMagnitude, -0.1, 0x1p53, 3] {
            let properties = try EntityEncoder.properties(of: Holder(value: number))
            #expect(try Self.decode(properties, as: Holder<Double>.self).value == number)
        }
    }

    private func refused<Value: Codable>(_ value: JSONValue, as type: Value.Type) {
        do {
            let holder = try Self.decode(["value": value], as: Holder<Value>.self)
            Issue.record("\(value) is \(holder.value)")
        } catch let error as DecodingError {
            let context: DecodingError.Context? =
                switch error {
                case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context): context
                default: nil
                }
            #expect(context?.codingPath.map(\.stringValue) == ["value"], "\(error)")
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test("values of another type are refused, with the property")
    func mismatches() {
        refused("1", as: Int.self)
        refused(1, as: String.self)
        refused(1, as: Bool.self)
        refused(true, as: Int.self)
        refused(true, as: Double.self)
        refused(.float(0.5), as: Int.self)
        refused(300, as: Int8.self)
        refused(-1, as: UInt.self)
        refused(.float(1e300), as: Float.self)
        refused(.integer(1 << 53 + 1), as: Double.self)
        refused(.null, as: Int.self)
        refused("druid", as: Role.self)
        refused("a", as: [String].self)
        refused("a", as: [String: Int].self)
        refused("a", as: Holder<Int>.self)
        #expect(throws: DecodingError.self) { try Self.decode(["name": "a"], as: [String].self) }
        #expect(throws: DecodingError.self) { try Self.decode(["name": "a"], as: String.self) }
        #expect(throws: DecodingError.self) { try Self.decode([:], as: Holder<Int>.self) }
    }

    @Test("whatever is encoded is decoded to the same")
    func roundTrip() throws {
        try withSeed { random in
            func maybe<Value>(_ value: @autoclosure () -> Value) -> Value? {
                Bool.random(using: &random) ? value() : nil
            }
            for _ in 0..<300 {
                let bits = Double(bitPattern: random.next())
                let scalars = (0..<Int.random(in: 0..<8, using: &random)).compactMap { _ in
                    Unicode.Scalar(UInt32.random(in: 0..<0x11_0000, using: &random))
                }
                let original = Optionals(
                    bool: maybe(.random(using: &random)),
                    string: maybe(String(String.UnicodeScalarView(scalars))),
                    double: maybe(bits.isFinite ? bits : 0.1),
                    float: maybe(Float(Int32(truncatingIfNeeded: random.next())) / 3),
                    int: maybe(Int(truncatingIfNeeded: random.next())),
                    int8: maybe(.random(in: .min ... .max, using: &random)),
                    int16: maybe(.random(in: .min ... .max, using: &random)),
                    int32: maybe(.random(in: .min ... .max, using: &random)),
                    int64: maybe(.random(in: .min ... .max, using: &random)),
                    int128: maybe(Int128(Int64(truncatingIfNeeded: random.next()))),
                    uint: maybe(UInt(random.next() >> 1)),
                    uint8: maybe(.random(in: .min ... .max, using: &random)),
                    uint16: maybe(.random(in: .min ... .max, using: &random)),
                    uint32: maybe(.random(in: .min ... .max, using: &random)),
                    uint64: maybe(random.next() >> 1),
                    uint128: maybe(UInt128(random.next() >> 1)),
                    role: maybe(.smith),
                    date: maybe(Date(timeIntervalSinceReferenceDate: Double(random.next() >> 20) / 1024))
                )
                let decoded = try Self.decode(try EntityEncoder.properties(of: original), as: Optionals.self)
                #expect(decoded == original, "RHIZOME_TEST_SEED=\(random.seed)")
            }
        }
    }
}
