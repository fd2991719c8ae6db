internal import Bytes
internal import DeterministicCBOR
public import SignedStatements

/// What a delta says: its pointers, and the node on which it was made (spec: delta.md).
public struct DeltaBody: Hashable, Sendable {
    /// The node on which the delta was made, where that isn't the author's own.
    ///
    /// Not checked further.
    public let host: PublicKey?
    /// 1 to 1,024 pointers, in the order in which they were written.
    public let pointers: [Pointer]

    /// Takes pointers within the limits.
    ///
    /// - Throws: `limit` or `malformed`, with what is too large or missing.
    public init(host: PublicKey?, pointers: [Pointer]) throws(DeltaRefusal) {
        guard !pointers.isEmpty else { throw .malformed("no pointers") }
        guard pointers.count <= DeltaLimits.pointers else {
            throw .limit("\(pointers.count) pointers; at most \(DeltaLimits.pointers) are allowed")
        }
        for pointer in pointers {
            try Self.checkName(pointer.localContext, "localContext")
            if let (id, context) = pointer.entity {
                try Self.checkName(id, "entity id")
                try Self.checkName(context, "targetContext")
            }
        }
        self.host = host
        self.pointers = pointers
    }

    private static func checkName(_ name: Text, _ what: String) throws(DeltaRefusal) {
        guard name.count > 0 else { throw .malformed("an empty \(what)") }
        guard name.count <= DeltaLimits.nameBytes else {
            throw .limit("a \(what) of \(name.count) bytes; at most \(DeltaLimits.nameBytes) are allowed")
        }
    }

    /// Reads a body, as a store keeps it apart from its header.
    package init(bytes: [UInt8]) throws(DeltaRefusal) {
        var reader = CBORReader(bytes)
        var host: PublicKey?
        var pointers: [Pointer] = []
        do throws(CBORError) {
            guard try reader.array() == 2 else { throw .unexpected(at: 0) }
            if try !reader.readNull() { host = PublicKey(try reader.bytes32()) }
            let count = try reader.array(atMost: DeltaLimits.pointers)
            pointers.reserveCapacity(count)
            for _ in 0..<count { pointers.append(try Self.pointer(&reader)) }
            try reader.finish()
        } catch {
            throw DeltaRefusal(in: "body", error)
        }
        try self.init(host: host, pointers: pointers)
    }

    private static func pointer(_ reader: inout CBORReader) throws(CBORError) -> Pointer {
        let start = reader.offset
        switch try reader.array() {
        case 2: return Pointer(try reader.text(), try value(&reader))
        case 3: return Pointer(try reader.text(), entity: try reader.text(), targetContext: try reader.text())
        default: throw .unexpected(at: start)
        }
    }

    private static func value(_ reader: inout CBORReader) throws(CBORError) -> Value {
        switch try reader.kind() {
        case .integer: return .integer(try reader.integer())
        case .text: return .text(try reader.text())
        case .bool: return .bool(try reader.bool())
        case .float: return .float(try reader.float())
        case .null:
            _ = try reader.readNull()
            return .null
        case .bytes, .array, .map, .tag: throw .unexpected(at: reader.offset)
        }
    }

    /// The only encoding.
    var encoded: [UInt8] {
        var writer = CBORWriter(capacity: 64 * pointers.count + 40)
        writer.array(2)
        if let host { writer.byteString(host.bytes) } else { writer.null() }
        writer.array(pointers.count)
        for pointer in pointers {
            switch pointer.target {
            case .value(let value):
                writer.array(2)
                writer.text(pointer.localContext)
                switch value {
                case .null: writer.null()
                case .bool(let bool): writer.bool(bool)
                case .integer(let integer): writer.integer(integer)
                case .float(let float): writer.float(float)
                case .text(let text): writer.text(text)
                }
            case .entity(let id, let context):
                writer.array(3)
                writer.text(pointer.localContext)
                writer.text(id)
                writer.text(context)
            }
        }
        return writer.bytes
    }
}
