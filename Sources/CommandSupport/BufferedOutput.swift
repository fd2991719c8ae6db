/// Results of which there may be many, handed to standard output some at a time.
package struct BufferedOutput {
    /// Bytes that are handed over together, about.
    package static let part = 32 << 10

    private var bytes: [UInt8] = []

    package init() {}

    /// Adds a line of results.
    ///
    /// - Throws: ``OutputFailure``; the other calls likewise.
    package mutating func add(line: String) throws {
        bytes += line.utf8
        bytes.append(UInt8(ascii: "\n"))
        if bytes.count >= Self.part { try flush() }
    }

    /// Adds a part of a line.
    package mutating func add(_ part: [UInt8]) throws {
        bytes += part
        if bytes.count >= Self.part { try flush() }
    }

    /// Hands over what is left.
    package mutating func flush() throws {
        guard !bytes.isEmpty else { return }
        try CommandLineTool.write(bytes)
        bytes.removeAll(keepingCapacity: true)
    }
}
