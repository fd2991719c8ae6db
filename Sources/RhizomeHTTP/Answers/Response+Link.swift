internal import Bytes
internal import HTTPTypes
internal import HummingbirdCore

extension Response {
    /// Says where the next page is: `Link: <…>; rel="next"` (RFC 8288).
    mutating func linkToNext(_ path: [Text], limit: Int, after cursor: PageCursor, asOf: Int64? = nil) {
        let path = path.map { "/" + PercentEncoding.encode($0) }.joined()
        let moment = asOf.map { "&asOf=\($0)" } ?? ""
        headers[.link] = "<\(path)?limit=\(limit)&after=\(cursor.text)\(moment)>; rel=\"next\""
    }
}
