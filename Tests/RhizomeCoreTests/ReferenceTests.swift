import Bytes
import RhizomeCore
import Testing

/// How a delta refers to entities.
@Suite struct ReferenceTests {
    private func references(_ pointers: [Pointer]) throws -> [String] {
        try DeltaBody(host: nil, pointers: pointers).references.map { reference in
            "\(reference.entity) \(reference.localContext) \(reference.property) \(reference.hasValue)"
        }
    }

    @Test("each way in which a delta refers to an entity is one reference, and values alone are none")
    func each() throws {
        let pointers = [
            Pointer("user", entity: "e", targetContext: "name"), Pointer("name", .text("E")),
            Pointer("user", entity: "e", targetContext: "name"), Pointer("film", entity: "e", targetContext: "name"),
            Pointer("user", entity: "f", targetContext: "likes"),
        ]
        #expect(try references(pointers) == ["e user name true", "e film name true", "f user likes false"])
    }

    @Test("a property has the value that a view would show: that of a pointer by its name")
    func values() throws {
        let collection = Pointer("p", entity: "e", targetContext: "p")
        let cases: [([Pointer], Value?)] = [
            ([collection], nil),
            ([collection, Pointer("p", .null)], .null),
            ([Pointer("p", .null), collection], .null),
            ([collection, Pointer("p", entity: "e", targetContext: "q")], .text("e")),
            ([collection, Pointer("p", entity: "f", targetContext: "p")], .text("f")),
            ([collection, Pointer("q", .integer(1))], nil),
        ]
        for (pointers, value) in cases {
            #expect(pointers.value(of: "p", entity: "e") == value)
            let body = try DeltaBody(host: nil, pointers: pointers)
            #expect(body.references.first?.hasValue == (value != nil))
        }
    }

    @Test("1,024 pointers to one entity are 1,024 references, found in one pass")
    func many() throws {
        let pointers = (0..<1_024).map { Pointer("p", entity: "e", targetContext: Text("\($0)")) }
        #expect(try references(pointers).count == 1_024)
    }
}
