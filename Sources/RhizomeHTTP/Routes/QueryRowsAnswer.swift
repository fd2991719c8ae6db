internal import Bytes
internal import RhizomeDatabase
internal import RhizomeQueries
internal import StrictJSON

/// Rows of a query, encoded while they are written (spec: query.md).
struct QueryRowsAnswer: StreamedAnswer {
    /// How rows are told.
    enum Form: Sendable {
        /// One object with all.
        case json
        /// An object a line.
        case lines
        /// A line of columns, then a line for each row (RFC 4180).
        case table

        /// The media type.
        var type: String {
            switch self {
            case .json: MediaTypes.json
            case .lines: MediaTypes.jsonLines
            case .table: MediaTypes.table
            }
        }

        /// What stands after all.
        var end: [UInt8] { if case .json = self { [UInt8(ascii: "\n")] } else { [] } }
    }

    private let answer: QueryAnswer
    private let form: Form
    private let next: String?
    private let tellsCount: Bool
    private let rows: Range<Int>
    private var row: Int
    private var isOver = false

    /// - Parameters:
    ///   - rows: those of them that are told.
    ///   - next: where the next page begins.
    init(_ answer: QueryAnswer, rows: Range<Int>, next: String?, tellsCount: Bool, as form: Form) {
        self.answer = answer
        self.form = form
        self.next = next
        self.tellsCount = tellsCount
        self.rows = rows
        row = rows.lowerBound
    }

    /// What the result takes is counted with all queries.
    var heldBytes: Int { 0 }

    mutating func next() async throws -> [UInt8] {
        guard !isOver else { return [] }
        var bytes = row == rows.lowerBound ? head : []
        while row < rows.upperBound, bytes.count < AnswerBytes.part {
            append(row, to: &bytes)
            row += 1
        }
        if row == rows.upperBound {
            isOver = true
            bytes += tail
        }
        return bytes
    }

    private var head: [UInt8] {
        switch form {
        case .json:
            let columns = JSONValue.array(answer.result.columns.map { .text($0) })
            return Array("{\"columns\":".utf8) + columns.encoded + Array(",\"rows\":[".utf8)
        case .lines: return []
        case .table: return answer.result.tableHead
        }
    }

    private func append(_ row: Int, to bytes: inout [UInt8]) {
        switch form {
        case .json:
            if row > rows.lowerBound { bytes.append(UInt8(ascii: ",")) }
            JSONValue.object(answer.result.json(ofRow: row)).write(to: &bytes)
        case .lines:
            JSONValue.object(answer.result.json(ofRow: row)).write(to: &bytes)
            bytes.append(UInt8(ascii: "\n"))
        case .table: bytes += answer.result.tableLine(ofRow: row)
        }
    }

    private var tail: [UInt8] {
        guard case .json = form else { return [] }
        var more: JSONObject = [:]
        if let next { more.append("next", .string(next)) }
        if tellsCount { more.append("count", .integer(Int64(answer.result.count))) }
        more.append("epoch", .string(Hex.encode(answer.epoch)))
        more.append("position", .integer(answer.position))
        return Array("],".utf8) + JSONValue.object(more).encoded.dropFirst()
    }
}
