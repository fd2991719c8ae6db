/// A stream with its last word.
public struct StreamEnd: Hashable, Sendable {
    /// The stream.
    public let stream: WordStream
    /// Its last word.
    public let last: Word
    /// Whether the word before it may be of the same moment.
    public let isTied: Bool

    /// A stream's end.
    public init(stream: WordStream, last: Word, isTied: Bool) {
        self.stream = stream
        self.last = last
        self.isTied = isTied
    }
}
