internal import Bytes
internal import RhizomeCore
internal import RhizomeViews
internal import SignedStatements

/// Where a page of a list ended, as the next one is asked for: opaque to readers (spec: http.md, `?after=`).
///
/// It names an item, not a count: what is added meanwhile shifts nothing.
enum PageCursor: Equatable {
    /// A position in the log with this epoch.
    case position(Int64, epoch: [UInt8])
    /// A delta's place in the order of time, in the log with this epoch.
    case moment(Word, epoch: [UInt8])
    /// An entity's id.
    case entity(Text)
    /// A definition's name as it is told.
    case definition(Text)
    /// A version of a definition.
    case version(Moment)
    /// A delta that relates an entity to others.
    case related(Moment)
    /// An entity that a query of a schema found, in the log with this epoch.
    case found(SchemaQuery.Cursor, epoch: [UInt8])
    /// A change's place in a history.
    case change(EntityHistory.Place)
    /// A delta's place in a lossless view.
    case told(LosslessView.Place)

    /// Bytes of an epoch that tell logs apart.
    private static let epochBytes = 8

    /// The text form.
    var text: String {
        var bytes: [UInt8]
        switch self {
        case .position(let position, let epoch):
            bytes = [UInt8(ascii: "p")] + epoch.prefix(Self.epochBytes) + Self.bytes(position)
        case .moment(let word, let epoch):
            bytes = [UInt8(ascii: "m")] + epoch.prefix(Self.epochBytes) + Self.bytes(word.moment.number)
            bytes += Self.bytes(word.position)
        case .entity(let id): bytes = [UInt8(ascii: "e")] + id.utf8
        case .definition(let name): bytes = [UInt8(ascii: "c")] + name.utf8
        case .version(let moment): bytes = [UInt8(ascii: "v")] + Self.bytes(moment)
        case .related(let moment): bytes = [UInt8(ascii: "r")] + Self.bytes(moment)
        case .found(let place, let epoch):
            bytes = [UInt8(ascii: "q")] + epoch.prefix(Self.epochBytes) + Self.bytes(place.position) + place.id.utf8
        case .change(let place):
            bytes = [UInt8(ascii: "h")] + Self.bytes(place.moment) + Self.bytes(Int64(place.index))
        case .told(let place): bytes = [UInt8(ascii: "l")] + Self.bytes(place.moment) + place.property.utf8
        }
        return Base64.urlUnpadded.encode(bytes)
    }

    /// The position in a log that a cursor of it names; 0 where there is no cursor.
    static func position(_ text: Text?, epoch: [UInt8]) throws(APIError) -> Int64 {
        guard let text else { return 0 }
        let head = [UInt8(ascii: "p")] + epoch.prefix(epochBytes)
        guard let bytes = Base64.urlUnpadded.decode(text.string), bytes.count == head.count + 8,
            bytes.starts(with: head), let position = number(bytes.suffix(8))
        else { throw invalid }
        return position
    }

    /// The place in the order of time that a cursor of a log names.
    static func moment(_ text: Text?, epoch: [UInt8]) throws(APIError) -> Word? {
        guard let text else { return nil }
        let head = [UInt8(ascii: "m")] + epoch.prefix(epochBytes)
        guard let bytes = Base64.urlUnpadded.decode(text.string), bytes.count == head.count + 16,
            bytes.starts(with: head), let moment = number(bytes.dropFirst(head.count).prefix(8)),
            let position = number(bytes.suffix(8))
        else { throw invalid }
        return Word(moment: WordMoment(number: moment), position: position)
    }

    /// The place in a history that a cursor of one names.
    static func change(_ text: Text?) throws(APIError) -> EntityHistory.Place? {
        guard let text else { return nil }
        guard let bytes = bytes(text, kind: "h"), bytes.count == momentBytes + 8, let moment = moment(bytes),
            let index = number(bytes.suffix(8))
        else { throw invalid }
        return EntityHistory.Place(moment: moment, index: Int(index))
    }

    /// The place in a lossless view that a cursor of one names.
    static func told(_ text: Text?) throws(APIError) -> LosslessView.Place? {
        guard let text else { return nil }
        guard let bytes = bytes(text, kind: "l"), let moment = moment(bytes),
            let property = Text(utf8: bytes.dropFirst(momentBytes))
        else { throw invalid }
        return LosslessView.Place(property: property, moment: moment)
    }

    /// The id that a cursor of entities names.
    static func entity(_ text: Text?) throws(APIError) -> Text? { try name(text, kind: "e") }

    /// The version that a cursor of versions names.
    static func version(_ text: Text?) throws(APIError) -> Moment? { try moment(text, kind: "v") }

    /// The place that a cursor of a query's entities names.
    static func found(_ text: Text?, epoch: [UInt8]) throws(APIError) -> SchemaQuery.Cursor? {
        guard let text else { return nil }
        let head = [UInt8(ascii: "q")] + epoch.prefix(epochBytes)
        guard let bytes = Base64.urlUnpadded.decode(text.string), bytes.starts(with: head),
            let position = number(bytes.dropFirst(head.count).prefix(8)),
            let id = Text(utf8: bytes.dropFirst(head.count + 8))
        else { throw invalid }
        return SchemaQuery.Cursor(position: position, id: id)
    }

    /// The delta that a cursor of related ones names.
    static func related(_ text: Text?) throws(APIError) -> Moment? { try moment(text, kind: "r") }

    private static func moment(_ text: Text?, kind: Unicode.Scalar) throws(APIError) -> Moment? {
        guard let text else { return nil }
        guard let bytes = bytes(text, kind: kind), bytes.count == momentBytes, let moment = moment(bytes) else {
            throw invalid
        }
        return moment
    }

    /// The name, as it is told, of the definition that a cursor of definitions names.
    static func definition(_ text: Text?) throws(APIError) -> Text? { try name(text, kind: "c") }

    private static func name(_ text: Text?, kind: Unicode.Scalar) throws(APIError) -> Text? {
        guard let text else { return nil }
        guard let bytes = bytes(text, kind: kind), let name = Text(utf8: bytes) else { throw invalid }
        return name
    }

    // MARK: - Bytes

    /// What follows the letter for the kind of list.
    private static func bytes(_ text: Text, kind: Unicode.Scalar) -> ArraySlice<UInt8>? {
        guard let bytes = Base64.urlUnpadded.decode(text.string), bytes.first == UInt8(ascii: kind) else { return nil }
        return bytes.dropFirst()
    }

    /// Bytes of a moment: its time and its id.
    private static let momentBytes = 8 + Bytes32.count

    private static func bytes(_ moment: Moment) -> [UInt8] {
        bytes(moment.timeCreated.microseconds) + moment.id.bytes.array
    }

    private static func moment(_ bytes: ArraySlice<UInt8>) -> Moment? {
        guard let time = number(bytes.prefix(8)).map({ Timestamp(microseconds: $0) }), time < DeltaLimits.time,
            let id = Bytes32(bytes.dropFirst(8).prefix(Bytes32.count))
        else { return nil }
        return Moment(timeCreated: time, id: DeltaID(id))
    }

    /// Eight bytes, the highest first.
    private static func bytes(_ number: Int64) -> [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int64? {
        guard bytes.count == 8 else { return nil }
        return Int64(exactly: bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }

    /// What is said of a cursor that isn't of this list.
    static var invalid: APIError {
        .badInput("after is taken from the Link header of an earlier page of this list", field: "after")
    }
}
