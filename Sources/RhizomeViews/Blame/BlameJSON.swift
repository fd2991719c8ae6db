package import Bytes
internal import RhizomeCore
internal import RhizomeIdentity
package import SignedStatements
internal import StrictJSON

/// A blame as JSON, made part by part: of a sum there may be millions of words, each of which takes ten times as much as
/// JSON as it does in memory (spec: cli.md, `blame --json`).
package struct BlameJSON: Sendable {
    /// What comes next.
    private enum Place {
        case beginning
        /// A property, before its words.
        case property(Int)
        case because(Int, word: Int)
        case over(Int, word: Int)
        case end
    }

    private let blame: EntityBlame
    private let collection: Text
    private let context: Text?
    private let epoch: [UInt8]
    private let petname: @Sendable (PublicKey) -> String?
    private var place = Place.beginning
    /// Bytes that the words take as long as they are told.
    package let heldBytes: Int

    /// - Parameters:
    ///   - context: through which was looked; `nil` for none.
    ///   - epoch: the log's.
    ///   - petname: what this node's owner calls an author.
    package init(
        _ blame: EntityBlame,
        in collection: Text,
        context: Text?,
        epoch: [UInt8],
        petname: @escaping @Sendable (PublicKey) -> String?
    ) {
        self.blame = blame
        self.collection = collection
        self.context = context
        self.epoch = epoch
        self.petname = petname
        heldBytes = blame.properties.reduce(0) { $0 + $1.approximateBytes }
    }

    /// The next bytes, about so many at least; `nil` at the end.
    package mutating func next(atLeast bytes: Int) -> [UInt8]? {
        if case .end = place { return nil }
        var part: [UInt8] = []
        while part.count < bytes {
            switch place {
            case .beginning:
                part += head
                place = .property(0)
            case .property(let number) where number == blame.properties.count:
                part += "]}".utf8
                place = .end
            case .property(let number):
                if number > 0 { part.append(UInt8(ascii: ",")) }
                part += blame.properties[number].head
                place = .because(number, word: 0)
            case .because(let number, let word) where word == blame.properties[number].because.count:
                part += "],\"over\":[".utf8
                place = .over(number, word: 0)
            case .because(let number, let word):
                if word > 0 { part.append(UInt8(ascii: ",")) }
                JSONValue.object(blame.properties[number].because[word].json(petname)).write(to: &part)
                place = .because(number, word: word + 1)
            case .over(let number, let word) where word == blame.properties[number].over.count:
                part += "],\"overCount\":\(blame.properties[number].overCount)}".utf8
                place = .property(number + 1)
            case .over(let number, let word):
                if word > 0 { part.append(UInt8(ascii: ",")) }
                let overruled = blame.properties[number].over[word]
                var json = overruled.word.json(petname)
                json.append("why", .string(overruled.why.rawValue))
                JSONValue.object(json).write(to: &part)
                place = .over(number, word: word + 1)
            case .end: return part
            }
        }
        return part
    }

    /// All before the first property.
    private var head: [UInt8] {
        let json: JSONObject = [
            "format": 1, "id": .text(blame.id), "collection": .text(collection),
            "context": context.map { .text($0) } ?? .null, "epoch": .string(Hex.encode(epoch)),
            "position": .integer(blame.position), "properties": [],
        ]
        return JSONValue.object(json).encoded.dropLast(2)
    }
}

extension EntityBlame {
    /// Words that are told of each property where nobody asks for another number of them, for programs.
    package static let words = 10_000
}

extension EntityBlame.Property {
    /// All before the first word.
    fileprivate var head: [UInt8] {
        var json: JSONObject = ["property": .text(name)]
        // Null is a value; what has none, as where all was taken back, says nothing here.
        if let value { json.append("value", value) }
        json.append("resolver", .string(resolver.rawValue))
        json.append("because", [])
        return JSONValue.object(json).encoded.dropLast(2)
    }

    /// Bytes that its words take.
    fileprivate var approximateBytes: Int {
        because.reduce(0) { $0 + $1.approximateBytes } + over.reduce(0) { $0 + $1.word.approximateBytes }
    }
}

extension EntityBlame.Word {
    /// Bytes that it takes, its value included.
    var approximateBytes: Int { MemoryLayout<EntityBlame.Overruled>.stride + (value?.approximateBytes ?? 0) }

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
