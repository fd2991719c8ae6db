import Bytes
import CommandSupport
import StrictJSON

/// A list of names that is printed while it is read: one a line, or as one JSON value.
struct JSONNames {
    private let isJSON: Bool
    private var isFirst = true
    private var buffer = BufferedOutput()
    private let head: [UInt8]

    /// - Parameters:
    ///   - name: the list's in the JSON.
    ///   - members: what else the JSON tells, beside the store's state.
    init(_ name: Text, in store: ReadStore, _ members: JSONObject, asJSON isJSON: Bool) {
        self.isJSON = isJSON
        var json = store.envelope
        for member in members.members { json.append(member.name, member.value) }
        json.append(name, .array([]))
        // All but the two closing brackets.
        head = JSONValue.object(json).encoded.dropLast(2)
    }

    /// Adds names.
    ///
    /// - Parameter line: a name for people.
    /// - Throws: ``OutputFailure``.
    mutating func add(_ names: [Text], line: (Text) -> String) throws {
        for name in names {
            guard isJSON else {
                try buffer.add(line: TerminalText.escaped(line(name), limitBytes: .max))
                continue
            }
            try buffer.add(isFirst ? head : [UInt8(ascii: ",")])
            isFirst = false
            try buffer.add(JSONValue.text(name).encoded)
        }
    }

    /// Ends the list.
    mutating func end() throws {
        if isJSON {
            if isFirst { try buffer.add(head) }
            try buffer.add(line: "]}")
        }
        try buffer.flush()
    }
}
