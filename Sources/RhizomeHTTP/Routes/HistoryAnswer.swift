internal import HummingbirdCore
internal import RhizomeViews
internal import StrictJSON

/// `{"id", "history": [change, …]}`, change by change (spec: http.md, `history`).
struct HistoryAnswer: StreamedAnswer {
    private enum Stage {
        case head
        case changes
        case over
    }

    private let history: EntityHistory
    private var changes: EntityHistory.AsyncIterator
    /// How many changes are still to be told.
    private var left: Int
    private var last: EntityHistory.Place?
    private var stage = Stage.head
    /// Once it is over: the place after which the next page begins; `nil` where no other follows.
    private(set) var end: EntityHistory.Place?

    /// - Parameter limit: how many changes are told at most; of the history one more, if there is one. All where `nil`.
    init(_ history: EntityHistory, limit: Int? = nil) {
        self.history = history
        changes = history.makeAsyncIterator()
        left = limit ?? .max
    }

    var heldBytes: Int { changes.heldBytes + AnswerBytes.part }

    mutating func next() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        if stage == .head {
            bytes = Array("{\"id\":".utf8)
            bytes.append(json: .text(history.id))
            bytes += ",\"history\":[".utf8
        }
        while stage != .over, bytes.count < AnswerBytes.part {
            let change = try await changes.next()
            guard left > 0, let change else {
                if change != nil { end = last }
                stage = .over
                return bytes + Array("]}".utf8)
            }
            if stage == .changes { bytes.append(UInt8(ascii: ",")) }
            bytes.append(json: change.json)
            left -= 1
            last = change.place
            stage = .changes
        }
        return bytes
    }

    /// The answer to a request for a history or a page of it.
    ///
    /// - Parameter read: gives the changes after a place, so many at most; `nil` where the entity isn't visible.
    static func response(
        to request: APIRequest,
        page: PageRequest,
        _ read: (_ place: EntityHistory.Place?, _ limit: Int?) async throws -> EntityHistory?
    ) async throws -> Response {
        // One more tells whether another page follows.
        let history = try await read(try PageCursor.change(page.after), page.limit.map { $0 + 1 })
        guard let history else { throw APIError.notFound }
        let answer = HistoryAnswer(history, limit: page.limit)
        guard let limit = page.limit else { return try await .answering(answer) }
        // Where the page ends stands in the header: it is read to its end before it is written.
        var survey = answer
        var whole: [UInt8]? = []
        while true {
            let part = try await survey.next()
            if part.isEmpty { break }
            whole?.append(contentsOf: part)
            if let bytes = whole, bytes.count > AnswerBytes.whole { whole = nil }
        }
        var response: Response
        if let whole { response = .json(encoded: whole) } else { response = try await .streamed(answer) }
        if let end = survey.end { response.linkToNext(request.target, limit: limit, after: .change(end)) }
        return response
    }
}
