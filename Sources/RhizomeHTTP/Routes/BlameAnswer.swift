internal import RhizomeViews

/// A blame, word by word (spec: http.md, GET `/api/:collection/:id/blame`).
struct BlameAnswer: StreamedAnswer {
    var json: BlameJSON

    var heldBytes: Int { json.heldBytes }

    mutating func next() async throws -> [UInt8] { json.next(atLeast: AnswerBytes.part) ?? [] }
}
