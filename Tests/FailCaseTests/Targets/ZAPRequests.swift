@testable import ZeroMQ

/// ZAP requests, as frames that each follow a byte with their length; only a key of 32 bytes is ever judged.
enum ZAPRequests: FuzzTarget {
    static let name = "zap"

    static func seeds(_ vectors: Vectors) throws -> [[UInt8]] {
        let head: [[UInt8]] = ["1.0", "1", "did", "::ffff:10.0.0.1", ""].map { Array($0.utf8) }
        let key = [UInt8](repeating: 5, count: 32)
        return [head + [Array("CURVE".utf8), key], head + [Array("NULL".utf8)], head]
            .map { frames in frames.flatMap { [UInt8(truncatingIfNeeded: $0.count)] + $0 } }
    }

    static func check(_ bytes: [UInt8]) throws -> Bool {
        var frames: [[UInt8]] = []
        var rest = bytes[...]
        while let count = rest.popFirst() {
            frames.append(Array(rest.prefix(Int(count))))
            rest = rest.dropFirst(Int(count))
        }
        guard let request = ZAPRequest(frames) else { return false }
        let reply = request.reply(.refused)
        try require(reply.count == 6 && reply[1] == frames[1], "a reply answers its request")
        if let key = request.curveKey { try require(key.count == 32, "a key has 32 bytes") }
        return request.curveKey != nil
    }
}
