internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import RhizomeViews
internal import StrictJSON

/// An answer that is made bit by bit while it is written: never whole in memory (spec: views.md, "What an answer costs").
protocol StreamedAnswer: Sendable {
    /// Bytes of memory that are held while the socket takes its time, about.
    var heldBytes: Int { get }

    /// Makes the next bytes; none at the end.
    mutating func next() async throws -> [UInt8]
}

extension StreamedAnswer {
    /// Notes what is held while the socket takes its time, with the bytes that it takes: as they are, and encoded for it.
    fileprivate func carry(and bytes: [UInt8]) async throws {
        try await AnswerMemory.current?.carry(heldBytes + 2 * bytes.count)
    }
}

extension Response {
    /// An answer, whole where it is small, else made while it is written; with a line's end, for terminals.
    ///
    /// An error while it is written cuts the connection, so that no reader takes half an answer for a whole one.
    ///
    /// - Parameters:
    ///   - type: the media type.
    ///   - end: what stands after all.
    static func answering(
        _ answer: some StreamedAnswer,
        type: String = MediaTypes.json,
        end: [UInt8] = [UInt8(ascii: "\n")]
    ) async throws -> Response {
        var rest = answer
        var bytes: [UInt8] = []
        while bytes.count < AnswerBytes.whole {
            let part = try await rest.next()
            if part.isEmpty { return .bytes(bytes + end, type: type) }
            bytes += part
        }
        return try await .streamed(rest, after: bytes, type: type, end: end)
    }

    /// - Parameter first: what was made of it already.
    static func streamed(
        _ answer: some StreamedAnswer,
        after first: [UInt8] = [],
        type: String = MediaTypes.json,
        end: [UInt8] = [UInt8(ascii: "\n")]
    ) async throws -> Response {
        try await answer.carry(and: first)
        let body = ResponseBody { writer in
            try await writer.write(ByteBuffer(bytes: first))
            var answer = answer
            while true {
                let bytes = try await answer.next()
                if bytes.isEmpty { break }
                try await answer.carry(and: bytes)
                try await writer.write(ByteBuffer(bytes: bytes))
            }
            if !end.isEmpty { try await writer.write(ByteBuffer(bytes: end)) }
            try await writer.finish(nil)
        }
        return Response(status: .ok, headers: [.contentType: type], body: body)
    }
}

/// Sizes of answers that are made bit by bit.
enum AnswerBytes {
    /// Bytes after which what has gathered is handed to the socket.
    static let part = 32 * 1024
    /// Bytes up to which an answer is made at once.
    static let whole = 256 * 1024
}

extension [UInt8] {
    /// Appends a text or a number as JSON.
    mutating func append(json: JSONValue) { json.write(to: &self) }
}
