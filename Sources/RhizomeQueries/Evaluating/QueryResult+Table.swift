internal import Bytes
internal import StrictJSON

extension QueryResult {
    /// The first line of the rows as a table (RFC 4180): the columns' names.
    public var tableHead: [UInt8] { Self.line(columns.map { .text($0) }) }

    /// A row as a line of a table; what is absent or null is empty, arrays and objects are JSON.
    public func tableLine(ofRow index: Int) -> [UInt8] { Self.line(cells(ofRow: index)) }

    private static func line(_ cells: [JSONValue?]) -> [UInt8] {
        var line: [UInt8] = []
        for (index, cell) in cells.enumerated() {
            if index > 0 { line.append(UInt8(ascii: ",")) }
            switch cell {
            case nil, .null: break
            case .text(let text): line += field(Array(text.utf8))
            case .bool, .integer, .float: line += cell?.encoded ?? []
            case .array, .object: line += field(cell?.encoded ?? [])
            }
        }
        return line + Array("\r\n".utf8)
    }

    /// A field in quotes where it has to be; an empty text too, so that it isn't taken for nothing.
    private static func field(_ bytes: [UInt8]) -> [UInt8] {
        let quote = UInt8(ascii: "\"")
        let isPlain = !bytes.isEmpty && bytes.allSatisfy { ![quote, UInt8(ascii: ","), 0x0a, 0x0d].contains($0) }
        if isPlain { return bytes }
        return [quote] + bytes.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
    }
}
