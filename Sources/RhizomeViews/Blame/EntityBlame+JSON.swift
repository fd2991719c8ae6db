package import Bytes
internal import RhizomeCore
internal import RhizomeIdentity
package import SignedStatements
package import StrictJSON

extension EntityBlame {
    /// Words that are told of each property where nobody asks for another number of them, for programs.
    package static let words = 10_000

    /// `{"format", "id", …, "properties": […]}` (spec: cli.md, `blame --json`).
    ///
    /// - Parameters:
    ///   - context: through which was looked; `nil` for none.
    ///   - epoch: the log's.
    ///   - petname: what this node's owner calls an author.
    package func json(
        in collection: Text,
        context: Text?,
        epoch: [UInt8],
        petname: (PublicKey) -> String?
    ) -> JSONObject {
        [
            "format": 1,
            "id": .text(id),
            "collection": .text(collection),
            "context": context.map { .text($0) } ?? .null,
            "epoch": .string(Hex.encode(epoch)),
            "position": .integer(position),
            "properties": .array(properties.map { .object($0.json(petname)) }),
        ]
    }
}

extension EntityBlame.Property {
    fileprivate func json(_ petname: (PublicKey) -> String?) -> JSONObject {
        var json: JSONObject = ["property": .text(name)]
        // Null is a value; what has none, as where all was taken back, says nothing here.
        if let value { json.append("value", value) }
        json.append("resolver", .string(resolver.rawValue))
        json.append("because", .array(because.map { .object($0.json(petname)) }))
        json.append(
            "over",
            .array(
                over.map { overruled in
                    var word = overruled.word.json(petname)
                    word.append("why", .string(overruled.why.rawValue))
                    return .object(word)
                }
            )
        )
        json.append("overCount", .integer(overCount))
        return json
    }
}

extension EntityBlame.Word {
    fileprivate func json(_ petname: (PublicKey) -> String?) -> JSONObject {
        var json: JSONObject = [
            "delta": .string(delta.description),
            "creator": .string(creator.did),
            "name": petname(creator).map { .string($0) } ?? .null,
            "timeCreated": .integer(timeCreated.microseconds),
        ]
        if let value { json.append("value", value.json) }
        return json
    }
}
