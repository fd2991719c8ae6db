internal import Bytes
internal import DeterministicCBOR
internal import RhizomeCore
internal import SignedStatements

/// Brings signed deltas that the other node lacks; it is answered by what became of each.
struct PushMethod: PeerMethod {
    /// What became of a pushed delta at the peer.
    struct Result: Hashable, Sendable {
        /// Its id; none where the peer could not decode it.
        let id: DeltaID?
        /// `accept`, `duplicate`, `defer` or `reject`.
        let decision: Text
        /// Why, for the last two.
        let reason: Text?
    }

    static let name: Text = "push"
    static let parameterCount = 1

    /// ``PeeringLimits/deltas`` at most.
    let deltas: [[UInt8]]

    init(_ deltas: [[UInt8]]) { self.deltas = deltas }

    init(from reader: inout CBORReader) throws(CBORError) { deltas = try reader.byteStrings() }

    func write(to writer: inout CBORWriter) { writer.byteStrings(deltas) }

    static func readReply(_ reader: inout CBORReader) throws(CBORError) -> [Result] {
        var results: [Result] = []
        for _ in 0..<(try reader.array(atMost: PeeringLimits.deltas)) {
            guard try reader.array() == 3 else { throw .unexpected(at: reader.offset) }
            let id = try reader.readNull() ? nil : DeltaID(try reader.bytes32())
            let decision = try reader.text()
            results.append(Result(id: id, decision: decision, reason: try reader.readNull() ? nil : try reader.text()))
        }
        return results
    }

    static func write(_ results: [Result], to writer: inout CBORWriter) {
        writer.array(results.count)
        for result in results {
            writer.array(3)
            if let id = result.id { writer.byteString(id.bytes) } else { writer.null() }
            writer.text(result.decision)
            if let reason = result.reason { writer.text(reason) } else { writer.null() }
        }
    }
}
