import Bytes
import RhizomeCore
import RhizomeIdentity
import RhizomeTesting
import RhizomeViews
import SignedStatements
import StrictJSON
import Testing

/// A case of `Tests/Cases/reference.json`: deltas, what is asked about them, and what the reference answers.
///
/// Labels stand for keys and ids: each creator becomes a key pair, each delta is signed for real, and its label becomes
/// the id that it got, also where another delta negates it.
struct ReferenceCase: CustomTestStringConvertible, Sendable {
    let name: String
    let operation: JSONObject
    let expected: JSONValue
    /// In order of arrival.
    let deltas: [ViewedDelta]
    /// The same as they are signed.
    let signed: [SignedDelta]
    /// The reference's schemas by name: the case's own, and those that several cases share.
    let schemas: JSONObject
    private let labels: [DeltaID: Text]

    var testDescription: String { name }

    /// The cases with these names, in that order.
    ///
    /// - Parameter author: makes all creators one where it is given: in our transactions they are.
    static func named(_ names: [String], author: Text? = nil) throws -> [ReferenceCase] {
        let file = try JSONValue(parsing: TestFiles.file("Cases/reference.json"))
        let cases = try #require(file.object?["cases"]?.array).compactMap(\.object)
        return try names.map { name in
            let found = try #require(cases.first { $0["id"]?.text?.string == name }, "no case \(name)")
            return try ReferenceCase(found, author: author, sharing: file.object?["schemas"]?.object ?? [:])
        }
    }

    private init(_ json: JSONObject, author: Text?, sharing schemas: JSONObject) throws {
        self.schemas = json["schemas"]?.object ?? schemas
        name = "\(json["id"]?.text ?? ""): \(json["title"]?.text ?? "")"
        operation = try #require(json["op"]?.object)
        expected = try #require(json["expect"])
        var ids: [Text: DeltaID] = [:]
        signed = try #require(json["deltas"]?.array).map { json in
            let delta = try #require(json.object)
            let label = try #require(delta["id"]?.text)
            let creator = try #require(author ?? (delta["creator"] ?? delta["author"])?.text)
            let signed = try SignedDelta(
                pointers: try #require(delta["pointers"]?.array).map { try Self.pointer($0, ids: ids) },
                after: [],
                timeCreated: Timestamp(try #require((delta["timeCreated"] ?? delta["timestamp"])?.integer)),
                signer: try TestAuthors.signer(creator.string)
            )
            ids[label] = signed.id
            return signed
        }
        deltas = signed.map { ViewedDelta($0) }
        labels = Dictionary(ids.map { ($0.value, $0.key) }) { first, _ in first }
    }

    /// Reads a pointer in either of the two forms that occur.
    private static func pointer(_ json: JSONValue, ids: [Text: DeltaID]) throws -> Pointer {
        let pointer = try #require(json.object)
        let localContext = try #require((pointer["localContext"] ?? pointer["role"])?.text)
        let target = try #require(pointer["target"])
        guard let context = (pointer["targetContext"] ?? target.object?["context"])?.text else {
            return Pointer(localContext, try #require(Value(target)))
        }
        let label = try #require(target.text ?? target.object?["id"]?.text)
        return Pointer(localContext, entity: ids[label].map { Text($0.description) } ?? label, targetContext: context)
    }

    /// A delta's label.
    func label(_ id: DeltaID) -> JSONValue { labels[id].map { .text($0) } ?? .null }

    /// The id behind a label.
    func id(_ label: JSONValue?) throws -> DeltaID {
        try #require(labels.first { $0.value == label?.text }?.key)
    }

    /// The reference knows moderators only: whoever is called `mod`.
    func perspective(asOf: Timestamp? = nil) throws -> Perspective {
        Perspective(asOf: asOf, moderators: [try TestAuthors.signer("mod").publicKey])
    }

    /// The case's filter by creator, as a rule; hosts are left out, since all deltas of a case have the same one.
    func filter() throws -> DeltaFilter? {
        guard let creator = operation["filter"]?.object?["creator"]?.text else { return nil }
        let did = try TestAuthors.signer(creator.string).publicKey.did
        return DeltaFilter(try JSONLogicRule(["==": [["var": "creator"], .string(did)]]))
    }

    /// Deltas as the reference tells them, by label, time and pointers.
    func told(_ deltas: [ViewedDelta]) -> [JSONValue] {
        deltas.map { delta in
            [
                "id": label(delta.id), "timeCreated": .integer(delta.timeCreated.microseconds),
                "pointers": .array(delta.pointers.map(\.json)),
            ]
        }
    }

    /// The entities of which the deltas say something that isn't control.
    var entities: Set<Text> {
        Set(deltas.flatMap(\.pointers).filter { !ControlName.isReserved($0.localContext) }.compactMap { $0.entity?.id })
    }

    /// The labels of the deltas in force about an entity, property by property.
    func properties(of entity: Text, in visible: VisibleDeltas) -> [Text: [JSONValue]] {
        var properties: [Text: [JSONValue]] = [:]
        for delta in visible.deltas(about: entity) {
            for property in delta.properties(of: entity) { properties[property, default: []].append(label(delta.id)) }
        }
        return properties
    }
}
