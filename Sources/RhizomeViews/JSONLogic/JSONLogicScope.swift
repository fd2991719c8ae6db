internal import Bytes

/// The data that `var` looks into: what was given, or an item of an array.
enum JSONLogicScope {
    case value(JSONLogicValue)
    case record(JSONLogicRecordReader)
}

/// A record during one evaluation, which sees each array and each object of it as one and the same.
final class JSONLogicRecordReader {
    private let record: any JSONLogicRecord
    private var containers: [(name: Text, value: JSONLogicValue)] = []
    private var object: JSONLogicObject?

    init(_ record: some JSONLogicRecord) { self.record = record }

    /// The member of that name.
    func member(_ name: Text) -> JSONLogicValue? {
        if let kept = containers.first(where: { $0.name == name }) { return kept.value }
        guard let value = record.member(name) else { return nil }
        switch value {
        case .array, .object: containers.append((name, value))
        default: break
        }
        return value
    }

    /// The record as an object with all its members.
    var whole: JSONLogicObject {
        if let object { return object }
        let whole = JSONLogicObject(record.names.compactMap { name in member(name).map { (name, $0) } })
        object = whole
        return whole
    }
}
