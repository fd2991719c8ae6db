import Bytes

@testable import RhizomeHTTP

/// Request targets, and the cursors and times in them: what is accepted is read the same when it is encoded anew.
enum HTTPTargets: FuzzTarget {
    static let name = "http-target"

    static func seeds(_ vectors: Vectors) throws -> [[UInt8]] {
        let cursors = [PageCursor.entity("a/b"), .position(77, epoch: [UInt8](repeating: 3, count: 16))]
        return ["/", "/api/entities/a%2Fb/%2E?asOf=2026-01-31T12:00:00.5+01:00&all"].map { Array($0.utf8) }
            + cursors.map { Array("/api/deltas?after=\($0.text)".utf8) }
    }

    static func check(_ bytes: [UInt8]) throws -> Bool {
        let target: RequestTarget
        do throws(APIError) {
            target = try RequestTarget(parsing: String(decoding: bytes, as: UTF8.self))
        } catch { return false }
        let path = target.path.map { "/" + encoded($0) }.joined()
        let query = target.query.map { encoded($0.key) + "=" + encoded($0.value) }.joined(separator: "&")
        let again = try RequestTarget(parsing: (path.isEmpty ? "/" : path) + "?" + query)
        try require(again == target, "a target that is encoded anew is the same")
        for value in target.query.values {
            _ = Timestamp(value.string, plusIsSpace: true)
            let epoch = [UInt8](repeating: 3, count: 16)
            _ = try? PageCursor.position(value, epoch: epoch)
            if let word = try? PageCursor.moment(value, epoch: epoch) {
                try require(PageCursor.moment(word, epoch: epoch).text == value.string, "a cursor has one text")
            }
            guard let id: Text = try? PageCursor.entity(value) else { continue }
            try require(PageCursor.entity(id).text == value.string, "a cursor has one text")
        }
        return true
    }

    /// `.` and `..` would be refused where they are not encoded.
    private static func encoded(_ text: Text) -> String {
        ["", ".", ".."].contains(text) ? text.utf8.map { _ in "%2E" }.joined() : PercentEncoding.encode(text)
    }
}
