internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import StrictJSON

/// A JSON array that is written while it is being read from the log: never whole in memory (spec: http.md).
struct JSONList: Sendable {
    /// Gives the next items; none at the end.
    typealias NextPage<Item> = () async throws -> [Item]

    /// Bytes after which what has gathered is handed to the socket.
    static let partBytes = 32 * 1024

    /// What stands before the array: `{"ids":`.
    private let prefix: String
    /// What stands after it: `}`.
    private let suffix: String
    /// Makes a source of pages for one answer.
    private let pages: @Sendable () -> NextPage<[UInt8]>

    /// A list.
    ///
    /// - Parameter pages: makes a source of pages for one answer.
    init(prefix: String = "", suffix: String = "", pages: @escaping @Sendable () -> NextPage<JSONValue>) {
        self.init(
            prefix: prefix,
            suffix: suffix,
            encoded: {
                let next = pages()
                return { try await next().map(\.encoded) }
            }
        )
    }

    /// A list of items whose JSON was made already.
    init(prefix: String = "", suffix: String = "", encoded pages: @escaping @Sendable () -> NextPage<[UInt8]>) {
        self.prefix = prefix
        self.suffix = suffix
        self.pages = pages
    }

    /// The answer, with a line's end, for terminals.
    ///
    /// An error while it is being written cuts the connection, so that no reader takes half a list for a whole one.
    func response() -> Response {
        let list = self
        let body = ResponseBody { writer in
            var buffer: [UInt8] = Array(list.prefix.utf8) + [UInt8(ascii: "[")]
            let next = list.pages()
            var isFirst = true
            while true {
                let page = try await next()
                if page.isEmpty { break }
                for item in page {
                    if !isFirst { buffer.append(UInt8(ascii: ",")) }
                    isFirst = false
                    buffer.append(contentsOf: item)
                    if buffer.count >= Self.partBytes {
                        try await writer.write(ByteBuffer(bytes: buffer))
                        buffer.removeAll(keepingCapacity: true)
                    }
                }
            }
            buffer.append(contentsOf: "]\(list.suffix)\n".utf8)
            try await writer.write(ByteBuffer(bytes: buffer))
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: MediaTypes.json], body: body)
    }
}
