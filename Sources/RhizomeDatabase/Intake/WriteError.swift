public import Bytes
internal import RhizomeCore

/// Why a local write failed.
public struct WriteError: CodedError {
    /// What is wrong: the same word in logs, metrics and HTTP answers.
    public enum Code: String, Sendable {
        /// Our own last delta, or the one to be replaced, is more than 5 minutes ahead of our clock.
        case clock
        /// The store could not keep it.
        case disk
        /// The pointers break a limit or are malformed.
        case content
    }

    /// What is wrong.
    public let code: Code
    /// What happened and what to do.
    public let message: String
    /// Which of the drafts it is about, counted from 0; `nil` where it isn't about one of them.
    public let draft: Int?
    /// Of `clock`: from when on the same write works, by this node's clock as it goes now.
    public let writableAt: Timestamp?
    /// Of `clock`: how long that is from the moment of the error.
    public let wait: Duration?

    init(_ code: Code, _ message: String, draft: Int? = nil) {
        self.init(code, message, draft: draft, writableAt: nil, wait: nil)
    }

    private init(_ code: Code, _ message: String, draft: Int?, writableAt: Timestamp?, wait: Duration?) {
        self.code = code
        self.message = message
        self.draft = draft
        self.writableAt = writableAt
        self.wait = wait
    }

    /// What keeps a delta from being written that has to have a certain time, at least; `nil` where nothing does.
    static func clock(forWritingAt time: Timestamp, now: Timestamp) -> WriteError? {
        let writableAt = time - DeltaLimits.ahead
        guard writableAt > now else { return nil }
        return WriteError(
            .clock,
            "our last delta, or the one to be replaced, is \((time - now).components.seconds) s ahead of this clock; "
                + "set the clock right (timedatectl), or wait: by this clock writing works again at "
                + "\(writableAt)",
            draft: nil,
            writableAt: writableAt,
            wait: writableAt - now
        )
    }
}
