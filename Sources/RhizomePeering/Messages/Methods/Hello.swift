internal import Bytes
internal import DeterministicCBOR
internal import RhizomeIdentity

/// What two nodes tell each other of themselves when they meet: the method `hello`, and the reply to it (spec: peering.md,
/// "Requests").
struct Hello: Hashable, PeerMethod {
    static let name: Text = "hello"
    static let parameterCount = 1
    /// The version of the protocol that this node speaks.
    static let protocolVersion: Int64 = 1
    /// UTF-8 bytes of a name, an agent, an address or a topic: longer ones are left out.
    static let labelBytes = 256

    /// The protocol's version.
    var `protocol`: Int64
    /// The software and its version.
    var agent: Text
    /// A label for people.
    var name: Text
    /// Where the node's ROUTER is reached, `host:port`; none where it can't be.
    var request: Text?
    /// Where its PUB is reached; only the port counts.
    var publish: Text?
    /// The network that it takes part in.
    var topic: Text
    /// When this left.
    var time: Timestamp
    /// In replies: when the request came in.
    var received: Timestamp?
    /// A number that grows whenever who the node is connected with changes; none where it doesn't tell.
    var neighbours: Int64?
    /// An ``AddressRecord`` of the node, as it came.
    var record: [UInt8]?
    /// In replies: the IP address from which the request came.
    var seen: Text?

    /// Reads the map; unknown keys are ignored.
    init(from reader: inout CBORReader) throws(CBORError) {
        let start = reader.offset
        // Looked through as a whole first: for keys sorted, and each once.
        var whole = reader
        try whole.skip()
        var texts: [Text: Text] = [:]
        var integers: [Text: Int64] = [:]
        var record: [UInt8]?
        for _ in 0..<(try reader.map()) {
            guard try reader.kind() == .text else {
                try reader.skip()
                try reader.skip()
                continue
            }
            let key = try reader.text()
            switch (key, try reader.kind()) {
            case ("agent", .text), ("name", .text), ("request", .text), ("publish", .text), ("topic", .text),
                ("seen", .text):
                let text = try reader.text()
                if text.count <= Self.labelBytes { texts[key] = text }
            case ("protocol", .integer), ("time", .integer), ("received", .integer), ("neighbours", .integer):
                integers[key] = try reader.integer()
            case ("record", .bytes):
                let bytes = try reader.byteString()
                if bytes.count <= AddressRecord.mostBytes { record = bytes }
            default: try reader.skip()
            }
        }
        guard let version = integers["protocol"], let topic = texts["topic"], let time = integers["time"] else {
            throw .unexpected(at: start)
        }
        `protocol` = version
        agent = texts["agent"] ?? ""
        name = texts["name"] ?? ""
        request = texts["request"]
        publish = texts["publish"]
        self.topic = topic
        self.time = Timestamp(microseconds: time)
        received = integers["received"].map { Timestamp(microseconds: $0) }
        neighbours = integers["neighbours"]
        self.record = record
        seen = texts["seen"]
    }

    init(
        agent: Text,
        name: Text,
        request: Text?,
        publish: Text?,
        topic: Text,
        time: Timestamp,
        received: Timestamp? = nil,
        neighbours: Int64? = nil,
        record: [UInt8]? = nil,
        seen: Text? = nil
    ) {
        `protocol` = Self.protocolVersion
        self.agent = agent
        self.name = name
        self.request = request
        self.publish = publish
        self.topic = topic
        self.time = time
        self.received = received
        self.neighbours = neighbours
        self.record = record
        self.seen = seen
    }

    /// The map.
    func write(to writer: inout CBORWriter) {
        func text(_ text: Text?) -> CBORValue { text.map { .text($0) } ?? .null }
        var entries: [CBORValue: CBORValue] = [
            .text("protocol"): .integer(`protocol`), .text("agent"): .text(agent), .text("name"): .text(name),
            .text("request"): text(request), .text("publish"): text(publish), .text("topic"): .text(topic),
            .text("time"): .integer(time.microseconds),
        ]
        if let received { entries[.text("received")] = .integer(received.microseconds) }
        if let neighbours { entries[.text("neighbours")] = .integer(neighbours) }
        if let record { entries[.text("record")] = .bytes(record) }
        if let seen { entries[.text("seen")] = .text(seen) }
        writer.value(.map(entries))
    }

    static func readReply(_ reader: inout CBORReader) throws(CBORError) -> Hello { try Hello(from: &reader) }

    static func write(_ reply: Hello, to writer: inout CBORWriter) { reply.write(to: &writer) }
}
