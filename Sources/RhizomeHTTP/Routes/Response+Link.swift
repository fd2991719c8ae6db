internal import Bytes
internal import HTTPTypes
internal import HummingbirdCore

extension Response {
    /// Says where the next page of what was asked for is: `Link: <…>; rel="next"` (RFC 8288).
    mutating func linkToNext(_ target: RequestTarget, limit: Int, after cursor: PageCursor) {
        let path = target.path.map { "/" + PercentEncoding.encode($0) }.joined()
        // How it was looked at goes on to the next page.
        let rest = target.query.filter { $0.key != "limit" && $0.key != "after" }.sorted { $0.key < $1.key }
            .map { "&\(PercentEncoding.encode($0.key))=\(PercentEncoding.encode($0.value))" }.joined()
        headers[.link] = "<\(path)?limit=\(limit)&after=\(cursor.text)\(rest)>; rel=\"next\""
    }
}
